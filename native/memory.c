#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "library.h"

/** Lies before every block, as long as what blocks are aligned to. */
#define HEAD 64
/** Smaller blocks are the system's: they would lie in the way of large ones. */
#define LEAST ((size_t)16384)

typedef struct {
  /** Null for the system's memory. */
  Heap *heap;
  size_t bytes;
} Head;

static _Thread_local Heap *chosen;
static OrtMemoryInfo *place;

void allocate_from(Heap *heap) { chosen = heap; }

static void *allocate(OrtAllocator *allocator, size_t bytes) {
  (void)allocator;
  Heap *heap = bytes >= LEAST ? chosen : NULL;
  void *memory = heap ? heap_take(heap, bytes + HEAD) : NULL;
  if (!memory) {
    heap = NULL;
    if (posix_memalign(&memory, HEAD, bytes + HEAD) != 0) {
      // The runtime would write to it without a look.
      fprintf(stderr, "otx: out of memory: %zu bytes more are needed; try a smaller batch\n", bytes);
      abort();
    }
  }
  *(Head *)memory = (Head){heap, bytes + HEAD};
  return (char *)memory + HEAD;
}

static void release(OrtAllocator *allocator, void *block) {
  (void)allocator;
  if (!block) return;
  Head *head = (Head *)((char *)block - HEAD);
  if (head->heap)
    heap_give(head->heap, head, head->bytes);
  else
    free(head);
}

static const OrtMemoryInfo *place_of(const OrtAllocator *allocator) { return (void)allocator, place; }

int offer_memory(void) {
  // Both must stay: the runtime keeps them.
  static OrtAllocator allocator = {
      .version = ORT_API_VERSION, .Alloc = allocate, .Free = release, .Info = place_of, .Reserve = allocate};
  return !failed(ort->CreateCpuMemoryInfo(ORT_DEVICE_ALLOCATOR, ORT_MEMORY_DEFAULT, &place)) &&
         !failed(ort->RegisterAllocator(environment, &allocator));
}
