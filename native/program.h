/** Reads the program of an elementwise operator from the numbers that its node carries. */
#pragma once
#include "kernels/kernels.h"

/**
 * @param numbers images, channels, height, width, window height and width, tensors, views, pieces; of each view tensor, mode,
 * image, offset, channel, up_h, up_w; of each piece count, first, step, length and as many pairs of code and argument.
 * @return null for numbers that do not make sense: whatever is returned stays within its stack and its tables.
 */
Elementwise *read_program(const int64_t *numbers, size_t count, const float *constants, size_t constant_count, float scale);
void free_program(Elementwise *);
/** Number of values that a tensor must have for a program to stay within it. */
int64_t values_needed(const Elementwise *, int tensor);
