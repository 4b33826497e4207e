/** Runs that go side by side, and what they exchange. */
#define _GNU_SOURCE
#include "share.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"

/** Before the vectors in a message: place and size, by which runs of another model or build are found out. */
#define HEAD 2

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t turned;
  /** Runs of this process, and how many have come to the norm. */
  int parts, arrived;
  /** Norms that all have passed. */
  uint64_t turns;
  /** Null, or why nobody must wait any more. */
  const char *problem;
  /** Vectors of each run: both, and what the first one has come with. */
  float *(*vectors)[2];
  int64_t (*heads)[HEAD];
} Group;

typedef struct {
  Session *session;
  Group *group;
  int part, code;
  char problem[512];
} Lane;

/** Of the thread that runs a session. */
static _Thread_local Group *group;
static _Thread_local int part;

/** The other processes. Handles of Open MPI are addresses, those of MPICH and its kin are numbers. */
static struct {
  int ranks;
  void *gather, *world, *type;
} job = {.ranks = 1};
enum { MPICH_WORLD = 0x44000000, MPICH_FLOAT = 0x4c00040a };

int otx_join(const char *path, int ranks) {
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!library) return complain(dlerror()), 1;
  job.gather = dlsym(library, "MPI_Allgather");
  if (!job.gather) return complain("it is no MPI"), 1;
  job.world = dlsym(library, "ompi_mpi_comm_world");
  job.type = dlsym(library, "ompi_mpi_float");
  job.ranks = ranks;
  return 0;
}

static int gather(const float *sent, float *all, int count) {
  if (job.world) {
    int (*call)(const void *, int, void *, void *, int, void *, void *);
    *(void **)&call = job.gather;
    return call(sent, count, job.type, all, count, job.type, job.world);
  }
  int (*call)(const void *, int, int, void *, int, int, int);
  *(void **)&call = job.gather;
  return call(sent, count, MPICH_FLOAT, all, count, MPICH_FLOAT, MPICH_WORLD);
}

/** From all vectors, in the order of the batches: in each round one of every process. */
static void join_vectors(const Group *g, const float *all, int kind, int64_t size) {
  int64_t length = HEAD + 2 * size, batches = (int64_t)g->parts * job.ranks;
#define OF_BATCH(k) (all + (k % job.ranks * g->parts + k / job.ranks) * length + HEAD)
  for (int64_t i = 0; i < size; i++) {
    double a = 0, b = 0;
    for (int64_t k = 0; k < batches; k++) a += OF_BATCH(k)[i];
    a /= (double)batches;
    for (int64_t k = 0; k < batches; k++) {
      // The variance of all is the mean of the variances and the variance of the means.
      double apart = kind == SHARE_MOMENTS ? OF_BATCH(k)[i] - a : 0;
      b += OF_BATCH(k)[size + i] + apart * apart;
    }
    b /= (double)batches;
    for (int k = 0; k < g->parts; k++) {
      g->vectors[k][0][i] = (float)a;
      g->vectors[k][1][i] = (float)b;
    }
  }
#undef OF_BATCH
}

static const char *exchange(const Group *g, int kind) {
  static const char *apart = "batch norms of several batches do not come in the same order";
  int64_t size = g->heads[0][1], length = HEAD + 2 * size;
  for (int k = 1; k < g->parts; k++)
    if (memcmp(g->heads[k], g->heads[0], sizeof g->heads[0]) != 0) return apart;
  float *sent = malloc((size_t)(length * g->parts) * sizeof *sent), *all = sent;
  if (job.ranks > 1) all = malloc((size_t)(length * g->parts * job.ranks) * sizeof *all);
  const char *problem = sent && all ? NULL : "out of memory";
  for (int k = 0; !problem && k < g->parts; k++) {
    float *to = sent + k * length;
    for (int i = 0; i < HEAD; i++) to[i] = (float)g->heads[k][i];
    memcpy(to + HEAD, g->vectors[k][0], (size_t)size * sizeof *to);
    memcpy(to + HEAD + size, g->vectors[k][1], (size_t)size * sizeof *to);
  }
  if (!problem && job.ranks > 1 && gather(sent, all, (int)(length * g->parts)) != 0) problem = "MPI_Allgather failed";
  for (int k = 0; !problem && k < job.ranks * g->parts; k++)
    if (memcmp(all + k * length, sent, HEAD * sizeof *sent) != 0) problem = apart;
  if (!problem) join_vectors(g, all, kind, size);
  if (all != sent) free(all);
  free(sent);
  return problem;
}

const char *share(int64_t place, int kind, float *a, float *b, int64_t size) {
  Group *g = group;
  if (!g) return "a norm that shares its statistics runs alone";
  pthread_mutex_lock(&g->lock);
  g->vectors[part][0] = a;
  g->vectors[part][1] = b;
  g->heads[part][0] = place;
  g->heads[part][1] = size;
  if (!g->problem && ++g->arrived == g->parts) {
    g->problem = exchange(g, kind);
    g->arrived = 0;
    g->turns++;
    pthread_cond_broadcast(&g->turned);
  } else {
    for (uint64_t before = g->turns; !g->problem && g->turns == before;) pthread_cond_wait(&g->turned, &g->lock);
  }
  const char *problem = g->problem;
  pthread_mutex_unlock(&g->lock);
  return problem;
}

static void *run_lane(void *argument) {
  Lane *lane = argument;
  Group *g = lane->group;
  group = g;
  part = lane->part;
  lane->code = otx_run(lane->session);
  group = NULL;
  if (lane->code == 0) return NULL;
  snprintf(lane->problem, sizeof lane->problem, "%s", otx_error());
  pthread_mutex_lock(&g->lock);
  if (!g->problem) g->problem = "another batch of the step has failed";
  pthread_cond_broadcast(&g->turned);
  pthread_mutex_unlock(&g->lock);
  return NULL;
}

int otx_run_together(Session **sessions, int parts) {
  Lane *lanes = calloc((size_t)parts, sizeof *lanes);
  pthread_t *threads = calloc((size_t)parts, sizeof *threads);
  Group g = {.lock = PTHREAD_MUTEX_INITIALIZER, .turned = PTHREAD_COND_INITIALIZER, .parts = parts};
  g.vectors = calloc((size_t)parts, sizeof *g.vectors);
  g.heads = calloc((size_t)parts, sizeof *g.heads);
  int started = 1, bad = !lanes || !threads || !g.vectors || !g.heads;
  if (bad) complain("out of memory");
  for (int k = 0; !bad && k < parts; k++) lanes[k] = (Lane){.session = sessions[k], .group = &g, .part = k};
  if (!bad) {
    // Threads have the rounding and the treatment of denormal numbers of the one that starts them.
    while (started < parts && pthread_create(&threads[started], NULL, run_lane, &lanes[started]) == 0) started++;
    if (started < parts) g.problem = "no thread could be started";
    run_lane(&lanes[0]);
    for (int k = 1; k < started; k++) pthread_join(threads[k], NULL);
    for (int k = started - 1; k >= 0; k--)
      if (lanes[k].code != 0) bad = 1, complain(lanes[k].problem);
    if (!bad && started < parts) bad = 1, complain(g.problem);
  }
  free(lanes), free(threads), free(g.vectors), free(g.heads);
  return bad;
}
