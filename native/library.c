/** Start of the library: the runtime, the width of vectors, and messages. */
#define _GNU_SOURCE
#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "memory.h"

#ifndef OTX_VERSION
#error "OTX_VERSION is the version of the package"
#endif

const OrtApi *ort;
const Kernels *kernels;
OrtEnv *environment;
int has_memory;
OrtCustomOpDomain *operators;

static _Thread_local char message[2048];
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

const char *otx_version(void) { return OTX_VERSION; }
const char *otx_error(void) { return message; }
const char *otx_width(void) { return kernels ? kernels->name : ""; }

void complain(const char *text) { snprintf(message, sizeof message, "%s", text); }

int failed(OrtStatus *status) {
  if (!status) return 0;
  snprintf(message, sizeof message, "%s", ort->GetErrorMessage(status));
  ort->ReleaseStatus(status);
  return 1;
}

static const Kernels *widest(int lanes) {
#ifdef __x86_64__
  __builtin_cpu_init();
  int most = lanes > 0 ? lanes : 16;
  if (most >= 16 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return &kernels_16;
  if (most >= 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &kernels_8;
#else
  (void)lanes;
#endif
  return &kernels_4;
}

/** The runtime and the ends of threads call into the library after whoever loaded it may have let go of it. */
static void stay_loaded(void) {
  Dl_info self;
  if (dladdr((void *)(uintptr_t)otx_init, &self)) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

static int start(const char *path, int lanes) {
  stay_loaded();
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return snprintf(message, sizeof message, "%s", dlerror()), 1;
  const OrtApiBase *(*base)(void);
  *(void **)&base = dlsym(library, "OrtGetApiBase");
  if (!base) return snprintf(message, sizeof message, "%s is no ONNX Runtime", path), 1;
  const OrtApi *api = base()->GetApi(ORT_API_VERSION);
  if (!api)
    return snprintf(message, sizeof message, "ONNX Runtime %s has no C API of version %d", base()->GetVersionString(),
                    ORT_API_VERSION),
           1;
  ort = api;
  kernels = widest(lanes);
  if (failed(ort->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "otx", &environment)) || failed(create_domain(&operators))) {
    ort = NULL;
    return 1;
  }
  has_memory = offer_memory();
  return 0;
}

int otx_init(const char *runtime, int lanes) {
  pthread_mutex_lock(&starting);
  int result = ort ? 0 : start(runtime, lanes);
  pthread_mutex_unlock(&starting);
  return result;
}
