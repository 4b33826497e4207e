/** What the runtime's sessions allocate, from heaps of the library. */
#pragma once
#include "heap.h"

/** Offers the library's memory to sessions; whether they may ask for it. Called once. */
int offer_memory(void);
/** From now on, what this thread allocates lies in that heap; null for the system's memory. */
void allocate_from(Heap *);
