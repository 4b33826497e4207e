/** Memory of a thread for the planes that it works on: kept from task to task, given back when the thread ends. */
#include "kernels/scratch.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct {
  float *values[SCRATCH_SLOTS];
  size_t sizes[SCRATCH_SLOTS];
} Memory;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void give_back(void *memory) {
  for (int i = 0; i < SCRATCH_SLOTS; i++) free(((Memory *)memory)->values[i]);
  free(memory);
}

static void make_key(void) { pthread_key_create(&key, give_back); }

float *scratch(enum ScratchSlot slot, size_t size) {
  pthread_once(&once, make_key);
  Memory *memory = pthread_getspecific(key);
  if (!memory) {
    memory = calloc(1, sizeof *memory);
    if (!memory || pthread_setspecific(key, memory) != 0) abort();
  }
  if (memory->sizes[slot] < size) {
    void *values;
    if (posix_memalign(&values, 64, size * sizeof(float)) != 0) abort();
    free(memory->values[slot]);
    memory->values[slot] = values;
    memory->sizes[slot] = size;
  }
  return memory->values[slot];
}
