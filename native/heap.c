#define _GNU_SOURCE
#include "heap.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/** Blocks begin and end at multiples of it. */
#define LINE ((size_t)64)
/** Address space becomes memory in steps of so many bytes, which is a multiple of the size of pages. */
#define STEP ((size_t)64 << 20)

typedef struct {
  size_t at, size;
} Gap;

struct Heap {
  char *base;
  /** Bytes of address space, those of them that may be written, and those below the highest block that there was. */
  size_t size, usable, top;
  /** By address; no two of them meet. */
  Gap *gaps;
  size_t count, room;
  pthread_mutex_t lock;
};

static size_t round_to(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

Heap *heap_create(void) {
  Heap *h = calloc(1, sizeof *h);
  if (!h) return NULL;
  h->size = round_to((size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE), STEP);
  h->room = 64;
  h->gaps = malloc(h->room * sizeof *h->gaps);
  h->base = mmap(NULL, h->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (!h->gaps || h->base == MAP_FAILED) {
    if (h->base != MAP_FAILED) munmap(h->base, h->size);
    return free(h->gaps), free(h), NULL;
  }
  h->gaps[h->count++] = (Gap){0, h->size};
  pthread_mutex_init(&h->lock, NULL);
  return h;
}

void heap_destroy(Heap *h) {
  munmap(h->base, h->size);
  pthread_mutex_destroy(&h->lock);
  free(h->gaps);
  free(h);
}

size_t heap_top(const Heap *h) { return h->top; }

/** Makes memory of everything below `end`. */
static int make_usable(Heap *h, size_t end) {
  if (end <= h->usable) return 1;
  size_t more = round_to(end - h->usable, STEP);
  if (mprotect(h->base + h->usable, more, PROT_READ | PROT_WRITE) != 0) return 0;
  h->usable += more;
  return 1;
}

/** The smallest gap of at least `bytes`, the first of several; `count` for none. */
static size_t smallest_gap(const Heap *h, size_t bytes) {
  size_t best = h->count;
  for (size_t i = 0; i < h->count; i++)
    if (h->gaps[i].size >= bytes && (best == h->count || h->gaps[i].size < h->gaps[best].size)) best = i;
  return best;
}

static void remove_gap(Heap *h, size_t i) {
  h->count--;
  memmove(h->gaps + i, h->gaps + i + 1, (h->count - i) * sizeof *h->gaps);
}

void *heap_take(Heap *h, size_t bytes) {
  bytes = round_to(bytes, LINE);
  pthread_mutex_lock(&h->lock);
  size_t i = smallest_gap(h, bytes);
  void *block = NULL;
  if (i < h->count && make_usable(h, h->gaps[i].at + bytes)) {
    Gap *gap = h->gaps + i;
    block = h->base + gap->at;
    gap->at += bytes;
    gap->size -= bytes;
    if (gap->at > h->top) h->top = gap->at;
    if (gap->size == 0) remove_gap(h, i);
  }
  pthread_mutex_unlock(&h->lock);
  return block;
}

/** Makes room for a gap before gap `i`. */
static void insert_gap(Heap *h, size_t i, Gap gap) {
  if (h->count == h->room) {
    Gap *gaps = realloc(h->gaps, 2 * h->room * sizeof *gaps);
    // The block is lost until the heap is, and nothing else happens.
    if (!gaps) return;
    h->gaps = gaps;
    h->room *= 2;
  }
  memmove(h->gaps + i + 1, h->gaps + i, (h->count - i) * sizeof *h->gaps);
  h->gaps[i] = gap;
  h->count++;
}

void heap_give(Heap *h, void *block, size_t bytes) {
  bytes = round_to(bytes, LINE);
  size_t at = (size_t)((char *)block - h->base);
  pthread_mutex_lock(&h->lock);
  size_t next = 0;
  for (size_t end = h->count; next < end;) {
    size_t middle = (next + end) / 2;
    if (h->gaps[middle].at < at)
      next = middle + 1;
    else
      end = middle;
  }
  Gap *above = next < h->count ? h->gaps + next : NULL, *below = next > 0 ? h->gaps + next - 1 : NULL;
  int meets_above = above && at + bytes == above->at, meets_below = below && below->at + below->size == at;
  if (meets_below) {
    below->size += bytes + (meets_above ? above->size : 0);
    if (meets_above) remove_gap(h, next);
  } else if (meets_above) {
    above->at = at;
    above->size += bytes;
  } else {
    insert_gap(h, next, (Gap){at, bytes});
  }
  pthread_mutex_unlock(&h->lock);
}
