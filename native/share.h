/**
 * What the norms of several batches share while their runs go side by side: threads of this process, and processes of MPI. Runs of one
 * model come to the same norms in the same order, and wait there for each other.
 */
#pragma once
#include <stdint.h>

enum { SHARE_MOMENTS, SHARE_SUMS };

/**
 * Replaces two vectors of this run by those of all batches, in one order of additions whoever has which of them. Moments are means and
 * population variances of batches of one size, and become those of all their values; sums become their means.
 *
 * @param place of the norm in its model, from 1.
 * @return null, or what is wrong; the other runs then fail too.
 */
const char *share(int64_t place, int kind, float *a, float *b, int64_t size);
