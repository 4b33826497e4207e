/** Memory of a thread for the planes that it works on. */
#pragma once
#include <stddef.h>

enum ScratchSlot { SCRATCH_INPUT, SCRATCH_GRADIENT, SCRATCH_OUTPUT, SCRATCH_SLOTS };

/** At least `size` floats, whose values are arbitrary; the next call for the slot on the same thread takes them again. */
float *scratch(enum ScratchSlot slot, size_t size);
