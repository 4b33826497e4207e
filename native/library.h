/**
 * What the library exports, and what its files share. The caller loads the library, calls `otx_init` with the path of the
 * ONNX Runtime that the process uses anyway, and then creates, binds, runs and releases sessions whose graphs may hold the
 * operators of the domain "otx".
 *
 * Functions that can fail return 0 or a pointer when they did well, and otherwise leave a message for `otx_error`. A session
 * belongs to one thread at a time; several threads may have sessions of their own.
 */
#pragma once
#include "kernels/kernels.h"
#include "ort_api.h"

#define EXPORT __attribute__((visibility("default")))

typedef struct Session Session;

/** Version of the package that the library was built for. */
EXPORT const char *otx_version(void);
/** What went wrong last on this thread. */
EXPORT const char *otx_error(void);
/** Name of the vector width that is used, after `otx_init`. */
EXPORT const char *otx_width(void);
/**
 * @param runtime path of the library of ONNX Runtime.
 * @param lanes most floats of a vector (4, 8 or 16), or 0 for the widest that the processor has. The first call decides.
 */
EXPORT int otx_init(const char *runtime, int lanes);
/** @param profile prefix of a profile to write, or null; @param spinning whether waiting threads look for work. */
EXPORT Session *otx_create(const void *model, size_t bytes, int threads, int spinning, const char *profile);
/**
 * Takes `data` as the value of an input or output until it is bound anew or the session is released; it must stay where it
 * is. @param type element type as ONNX numbers them.
 */
EXPORT int otx_bind(Session *, const char *name, void *data, size_t bytes, int type, const int64_t *shape, size_t rank,
                    int is_output);
EXPORT int otx_run(Session *);
/** Another session of the same model with values of its own, so that both can run at once; released before the first. */
EXPORT Session *otx_sibling(Session *);
/** From now on shared norms (see share.h) are those of all processes of a job. @param path of the library of MPI, which has been started. */
EXPORT int otx_join(const char *path, int ranks);
/** Runs siblings side by side, each in a thread; their shared norms are those of all. When one fails, all do. */
EXPORT int otx_run_together(Session **, int parts);
/** Ends the profile that the session writes. */
EXPORT int otx_end_profile(Session *);
EXPORT void otx_release(Session *);

/** The runtime's functions, after `otx_init`. */
extern const OrtApi *ort;
/** Keeps the message of a status and releases it; whether it was one of failure. */
int failed(OrtStatus *);
/** Keeps a message. */
void complain(const char *);
/** Kernels of the width that was chosen. */
extern const Kernels *kernels;
/** The domain with all operators. */
OrtStatus *create_domain(OrtCustomOpDomain **out);
extern OrtEnv *environment;
/** Whether sessions may allocate from heaps of the library; not where another copy of it has come first. */
extern int has_memory;
extern OrtCustomOpDomain *operators;
