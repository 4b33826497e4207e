/**
 * GELU (Hendrycks & Gimpel 2016, the exact form) and its gradient, over values of any shape.
 *
 * Forward: x → y = x·Φ(x);  backward: dy, x → dy·(Φ(x) + x·φ(x)), with the distribution Φ and density φ of the normal.
 * Φ by formula 7.1.26 of Abramowitz & Stegun, whose error is below 1.5e-7 everywhere, and whose e^(−x²/2) serves φ too.
 *
 * One task is GELU_BLOCK values. Moves 8 bytes a value forward and 12 backward.
 */
#pragma once
#include "kernels.h"
#include "vector.h"

/** Φ(x); `*power` becomes e^(−x²/2). */
ALWAYS_INLINE Vector distribution(Vector x, Vector *power) {
  Vector magnitude = choose(x < 0, -x, x), e = exponential(x * x * -0.5f);
  Vector t = 1.0f / (magnitude * (0.3275911f * 0.70710678f) + 1.0f);
  Vector p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  Vector above = p * t * e * 0.5f;
  *power = e;
  return choose(x < 0, above, 1.0f - above);
}

ALWAYS_INLINE Vector gelu(Vector x) {
  Vector power;
  return x * distribution(x, &power);
}

ALWAYS_INLINE Vector gelu_slope(Vector x) {
  Vector power, below = distribution(x, &power);
  return below + x * power * 0.39894228f;
}

/** One function for all callers, so that its bits are the same for all. */
static NOT_INLINE void gelu_values(const float *x, float *y, int64_t size) {
  int64_t i = 0;
  for (; i + LANES <= size; i += LANES) store(y + i, gelu(load(x + i)));
  if (i < size) store_some(y + i, gelu(load_some(x + i, size - i)), size - i);
}

static NOT_INLINE void gelu_gradients(const float *dy, const float *x, float *dx, int64_t size) {
  int64_t i = 0;
  for (; i + LANES <= size; i += LANES) store(dx + i, load(dy + i) * gelu_slope(load(x + i)));
  if (i < size)
    store_some(dx + i, load_some(dy + i, size - i) * gelu_slope(load_some(x + i, size - i)), size - i);
}

static void gelu_forward(void *arguments, size_t block) {
  const Gelu *g = arguments;
  int64_t start = (int64_t)block * GELU_BLOCK, left = g->size - start;
  gelu_values(g->x + start, g->y + start, left < GELU_BLOCK ? left : GELU_BLOCK);
}

static void gelu_backward(void *arguments, size_t block) {
  const Gelu *g = arguments;
  int64_t start = (int64_t)block * GELU_BLOCK, left = g->size - start;
  gelu_gradients(g->dy + start, g->x + start, g->y + start, left < GELU_BLOCK ? left : GELU_BLOCK);
}
