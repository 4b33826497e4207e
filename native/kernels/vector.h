/**
 * Vectors of the width that this file is compiled for: LANES floats, 16 with AVX-512, 8 with AVX2, 4 otherwise (SSE, NEON).
 * A vector type wider than the registers would be spilled to memory at every use, so that one source is compiled per width.
 *
 * Nothing here depends on fast-math. Where a value is not a number, results are none either.
 */
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef float UnalignedVector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t IntVector __attribute__((vector_size(4 * LANES)));
typedef uint32_t BitVector __attribute__((vector_size(4 * LANES)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOT_INLINE __attribute__((noinline))

ALWAYS_INLINE Vector load(const float *p) { return *(const UnalignedVector *)p; }
ALWAYS_INLINE void store(float *p, Vector v) { *(UnalignedVector *)p = v; }
ALWAYS_INLINE Vector broadcast(float x) { return x - (Vector){0}; }

/** A value in a register, where the compiler would rather read it once more from memory for every use. */
ALWAYS_INLINE Vector held(Vector v) {
#if LANES == 16
  __asm__("" : "+v"(v));
#elif defined(__x86_64__)
  __asm__("" : "+x"(v));
#elif defined(__aarch64__)
  __asm__("" : "+w"(v));
#endif
  return v;
}

/** `a` where the mask (all bits or none) is set, else `b`. */
ALWAYS_INLINE Vector choose(IntVector mask, Vector a, Vector b) {
  return (Vector)((mask & (IntVector)a) | (~mask & (IntVector)b));
}

/** The first `count` < LANES values, zeros behind them: reads nothing beyond. */
ALWAYS_INLINE Vector load_some(const float *p, int64_t count) {
  float values[LANES] = {0};
  memcpy(values, p, (size_t)count * sizeof(float));
  return load(values);
}

ALWAYS_INLINE void store_some(float *p, Vector v, int64_t count) {
  float values[LANES];
  store(values, v);
  memcpy(p, values, (size_t)count * sizeof(float));
}

/** Sum of the lanes, always in the same order. */
ALWAYS_INLINE float sum_lanes(Vector v) {
  float sum = 0;
  for (int i = 0; i < LANES; i++) sum += v[i];
  return sum;
}

/** a₀ b₀ a₁ b₁ …, of the first half of the lanes and of the second. */
#if LANES == 16
#define INTERLEAVED(k) k, 16 + k, 1 + k, 17 + k, 2 + k, 18 + k, 3 + k, 19 + k, 4 + k, 20 + k, 5 + k, 21 + k, 6 + k, 22 + k, 7 + k, 23 + k
#elif LANES == 8
#define INTERLEAVED(k) k, 8 + k, 1 + k, 9 + k, 2 + k, 10 + k, 3 + k, 11 + k
#else
#define INTERLEAVED(k) k, 4 + k, 1 + k, 5 + k
#endif
ALWAYS_INLINE Vector interleave_low(Vector a, Vector b) { return __builtin_shufflevector(a, b, INTERLEAVED(0)); }
ALWAYS_INLINE Vector interleave_high(Vector a, Vector b) { return __builtin_shufflevector(a, b, INTERLEAVED(LANES / 2)); }

/** max(x, 0); not a number stays that. */
ALWAYS_INLINE Vector rectify(Vector x) { return choose(x < 0, broadcast(0), x); }

/**
 * eˣ to 2e-7 (relative), between e⁻⁸⁷ and e⁸⁸: x = n·ln 2 + r with |r| ≤ ln 2 / 2, eʳ by a polynomial (as in Cephes), and n
 * added to the exponent.
 */
ALWAYS_INLINE Vector exponential(Vector x) {
  x = choose(x < -87.0f, broadcast(-87.0f), x);
  x = choose(x > 88.0f, broadcast(88.0f), x);
  Vector t = x * 1.44269504f;
  IntVector whole = __builtin_convertvector(t + choose(t < 0, broadcast(-0.5f), broadcast(0.5f)), IntVector);
  Vector n = __builtin_convertvector(whole, Vector);
  Vector r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  return (Vector)((BitVector)p + ((BitVector)whole << 23));
}

/**
 * log x to 1e-7 of the larger of it and 1, for x from 1e-37: x = m·2ⁿ with m around 1, log m by a polynomial (as in Cephes). Not a
 * number stays that.
 */
ALWAYS_INLINE Vector logarithm(Vector x) {
  IntVector bits = (IntVector)x;
  Vector n = __builtin_convertvector((bits >> 23) - 126, Vector);
  Vector m = (Vector)((bits & 0x7fffff) | 0x3f000000);
  IntVector small = m < 0.707106781f;
  n -= choose(small, broadcast(1), broadcast(0));
  m = choose(small, m + m, m) - 1.0f;
  Vector square = m * m, p = m * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  Vector y = p * m * square - n * 2.12194440e-4f - square * 0.5f;
  return choose(x == x, m + y + n * 0.693359375f, x);
}
