/** Sessions with the settings of the product, whose inputs and outputs lie in memory of the caller. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "library.h"
#include "memory.h"

struct Session {
  OrtSession *session;
  OrtIoBinding *binding;
  OrtRunOptions *options;
  /** Whose session it is, if it is another one's; else null. */
  Session *of;
  /** What runs allocate from; null where that is the runtime's arena. */
  Heap *heap;
  /** Siblings that were released: what the runtime keeps may lie in their heaps. */
  Session *released;
};

/** As src/engine creates sessions of the stock runtime. */
static int configure(OrtSessionOptions *options, int threads, int spinning, const char *profile, const Heap *heap) {
  return failed(ort->SetIntraOpNumThreads(options, threads)) || failed(ort->SetInterOpNumThreads(options, 1)) ||
         failed(ort->SetSessionGraphOptimizationLevel(options, ORT_DISABLE_ALL)) ||
         failed(ort->SetSessionLogSeverityLevel(options, ORT_LOGGING_LEVEL_ERROR)) ||
         failed(ort->EnableCpuMemArena(options)) || failed(ort->DisableMemPattern(options)) ||
         failed(ort->AddSessionConfigEntry(options, "session.set_denormal_as_zero", "1")) ||
         failed(ort->AddSessionConfigEntry(options, "session.intra_op.allow_spinning", spinning ? "1" : "0")) ||
         failed(ort->AddSessionConfigEntry(options, "session.force_spinning_stop", "1")) ||
         (heap && failed(ort->AddSessionConfigEntry(options, "session.use_env_allocators", "1"))) ||
         (profile && failed(ort->EnableProfiling(options, profile))) ||
         failed(ort->AddCustomOpDomain(options, operators));
}

Session *otx_create(const void *model, size_t bytes, int threads, int spinning, const char *profile) {
  OrtSessionOptions *options;
  Session *s = calloc(1, sizeof *s);
  if (!s || failed(ort->CreateSessionOptions(&options))) return free(s), NULL;
  if (has_memory) s->heap = heap_create();
  int bad = configure(options, threads, spinning, profile, s->heap) ||
            failed(ort->CreateSessionFromArray(environment, model, bytes, options, &s->session)) ||
            failed(ort->CreateIoBinding(s->session, &s->binding)) || failed(ort->CreateRunOptions(&s->options));
  ort->ReleaseSessionOptions(options);
  if (bad) return otx_release(s), NULL;
  return s;
}

int otx_bind(Session *s, const char *name, void *data, size_t bytes, int type, const int64_t *shape, size_t rank,
             int is_output) {
  OrtMemoryInfo *memory;
  OrtValue *value;
  if (failed(ort->CreateCpuMemoryInfo(ORT_ARENA_ALLOCATOR, ORT_MEMORY_DEFAULT, &memory))) return 1;
  int bad = failed(ort->CreateTensorWithDataAsOrtValue(memory, data, bytes, shape, rank, type, &value));
  ort->ReleaseMemoryInfo(memory);
  if (bad) return 1;
  bad = failed(is_output ? ort->BindOutput(s->binding, name, value) : ort->BindInput(s->binding, name, value));
  ort->ReleaseValue(value);
  return bad;
}

Session *otx_sibling(Session *of) {
  Session *s = calloc(1, sizeof *s);
  if (!s) return complain("out of memory"), NULL;
  *s = (Session){.session = of->session, .of = of, .heap = of->heap ? heap_create() : NULL};
  if (failed(ort->CreateIoBinding(s->session, &s->binding)) || failed(ort->CreateRunOptions(&s->options)))
    return otx_release(s), NULL;
  return s;
}

int otx_run(Session *s) {
  allocate_from(s->heap);
  OrtStatus *status = ort->RunWithBinding(s->session, s->options, s->binding);
  allocate_from(NULL);
  return failed(status);
}

int otx_end_profile(Session *s) {
  OrtAllocator *allocator;
  char *file;
  if (failed(ort->GetAllocatorWithDefaultOptions(&allocator)) ||
      failed(ort->SessionEndProfiling(s->session, allocator, &file)))
    return 1;
  return failed(ort->AllocatorFree(allocator, file));
}

void otx_release(Session *s) {
  if (s->binding) ort->ReleaseIoBinding(s->binding);
  if (s->options) ort->ReleaseRunOptions(s->options);
  if (s->of) {
    s->released = s->of->released;
    s->of->released = s;
    return;
  }
  if (s->session) ort->ReleaseSession(s->session);
  for (Session *next; s; s = next) {
    next = s->released;
    if (s->heap) heap_destroy(s->heap);
    free(s);
  }
}
