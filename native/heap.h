/**
 * Memory for what the runs of one session compute. Address space as large as the machine's memory is taken once, its pages when
 * they are first written; a block takes the smallest gap that it fits into, and gaps that meet become one.
 *
 * The runtime's own arena takes memory in regions of which each is twice the last, and joins gaps only within one: a run touches
 * more of it than it ever uses at once.
 */
#pragma once
#include <stddef.h>

typedef struct Heap Heap;

/** Null where the system gives no address space. */
Heap *heap_create(void);
/** Gives all of it back. */
void heap_destroy(Heap *);
/** A block that is aligned for the widest vectors; null where none fits. Several threads may ask at once. */
void *heap_take(Heap *, size_t bytes);
/** @param bytes as it was asked for. */
void heap_give(Heap *, void *block, size_t bytes);
/** Bytes up to the last that was ever in use. */
size_t heap_top(const Heap *);
