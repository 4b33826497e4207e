/**
 * GELU (Hendrycks & Gimpel 2016, the exact form) and its gradient, over values of any shape.
 *
 * Forward: x → y = x·Φ(x);  backward: dy, x → dy·(Φ(x) + x·φ(x)), with the distribution Φ and density φ of the normal.
 * Both factors are 1/2 plus an odd function, here x times a quotient of polynomials of x², fitted to the least largest error:
 * 7e-9 and 1.1e-7, to which float32 adds 2e-7. Where the factor is within 1e-7 of 0 or 1 it is that. One division is all that
 * takes long; with the exponential of the usual formulas a GELU took more time than the memory that it moves.
 *
 * One task is GELU_BLOCK values. Moves 8 bytes a value forward and 12 backward.
 */
#pragma once
#include "kernels.h"
#include "vector.h"

/** 1/2 + x·p(x²)/q(x²) between −end and end; 0 below and 1 above. */
ALWAYS_INLINE Vector half_and_odd(Vector x, const float p[6], const float q[6], float end) {
  Vector square = x * x, above = broadcast(p[5]), below = broadcast(q[5]);
#pragma GCC unroll 8
  for (int i = 4; i >= 0; i--) {
    above = above * square + p[i];
    below = below * square + q[i];
  }
  Vector y = x * above / below + 0.5f;
  return choose(x < -end, broadcast(0), choose(x > end, broadcast(1), y));
}

ALWAYS_INLINE Vector gelu(Vector x) {
  static const float p[] = {0.398942235f, 0.033852648f, 4.6772601e-3f, 1.68825561e-4f, 6.35210613e-6f, 2.27493443e-8f};
  static const float q[] = {1, 0.251521923f, 0.0286458707f, 1.88444439e-3f, 7.36474037e-5f, 1.1975024e-6f};
  return x * half_and_odd(x, p, q, 5.5f);
}

ALWAYS_INLINE Vector gelu_slope(Vector x) {
  static const float p[] = {0.797885361f, -0.0309957995f, 0.0142303019f, 1.9221598e-5f, 3.59559308e-5f, 1.92928934e-7f};
  static const float q[] = {1, 0.294494109f, 0.0409802311f, 3.52303631e-3f, 1.92036774e-4f, 8.95240835e-6f};
  return half_and_odd(x, p, q, 5.8f);
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
