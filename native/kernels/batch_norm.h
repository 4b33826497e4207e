/**
 * Batch normalisation in training mode (Ioffe & Szegedy 2015), with the ReLU behind it if there is one.
 *
 * Forward: x [N, C, S] → y [N, C, S], mean [C], variance [C] (population)
 *   y = (x − mean)·g + bias, then max(y, 0);  g = scale / √(variance + ε)
 * Backward: dy, x → dx [N, C, S], dscale [C], dbias [C], with n = N·S
 *   e = dy, or dy where y > 0 (y is computed again from x, as in the forward pass and with the same bits)
 *   dbias = Σ e;  dscale = Σ e·(x − mean) / √(variance + ε)
 *   dx = g·e − g/n·(dbias + (x − mean)/√(variance + ε)·dscale), plus what other paths have brought to x, if it is given
 *
 * One task is one channel. A channel of usual size fits the cache, so that memory moves once: 8 bytes a value forward
 * (x, y) and 12 backward (dy, x, dx; 4 more for a gradient to be added). Values are centred before anything is summed: nothing cancels where |mean| ≫ σ.
 */
#pragma once
#include "kernels.h"
#include "vector.h"

/** Longest run that is summed in float32 before its sum goes into one in float64. */
#define RUN 4096

ALWAYS_INLINE float channel_factor(float scale, float variance, float epsilon) {
  return scale * (1.0f / sqrtf(variance + epsilon));
}

/** Σ (x − shift) and Σ (x − shift)² over a plane, added to `sums`. */
ALWAYS_INLINE void add_moments(const float *x, int64_t size, float shift, double sums[2]) {
  int64_t i = 0;
  while (i + LANES <= size) {
    int64_t end = i + RUN < size ? i + RUN : size;
    Vector sum0 = {0}, sum1 = {0}, square0 = {0}, square1 = {0};
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      Vector a = load(x + i) - shift, b = load(x + i + LANES) - shift;
      sum0 += a;
      sum1 += b;
      square0 += a * a;
      square1 += b * b;
    }
    for (; i + LANES <= end; i += LANES) {
      Vector a = load(x + i) - shift;
      sum0 += a;
      square0 += a * a;
    }
    sums[0] += sum_lanes(sum0 + sum1);
    sums[1] += sum_lanes(square0 + square1);
  }
  for (; i < size; i++) {
    double a = (double)(x[i] - shift);
    sums[0] += a;
    sums[1] += a * a;
  }
}

/** y of one channel from its mean and variance; plane n of x is at x + n·x_stride. */
static NOT_INLINE void normalize(const BatchNormForward *b, int64_t channel, const float *x, int64_t x_stride) {
  int64_t size = b->plane, stride = b->channels * size;
  float mean = b->mean[channel], bias = b->bias[channel];
  float factor = channel_factor(b->scale[channel], b->variance[channel], b->epsilon);
  for (int64_t n = 0; n < b->images; n++) {
    const float *from = x + n * x_stride;
    float *to = b->y + channel * size + n * stride;
    int64_t i = 0;
    if (b->relu)
      for (; i + LANES <= size; i += LANES) store(to + i, rectify((load(from + i) - mean) * factor + bias));
    else
      for (; i + LANES <= size; i += LANES) store(to + i, (load(from + i) - mean) * factor + bias);
    if (i < size) {
      Vector y = (load_some(from + i, size - i) - mean) * factor + bias;
      store_some(to + i, b->relu ? rectify(y) : y, size - i);
    }
  }
}

/** Mean and variance of one channel; plane n of x is at x + n·x_stride. */
static NOT_INLINE void measure(const BatchNormForward *b, int64_t channel, const float *x, int64_t x_stride) {
  int64_t size = b->plane;
  // Any value of the channel is near its mean, compared with zero.
  float shift = isfinite(x[0]) ? x[0] : 0;
  double sums[2] = {0, 0}, count = (double)b->images * (double)size;
  for (int64_t n = 0; n < b->images; n++) add_moments(x + n * x_stride, size, shift, sums);
  double offset = sums[0] / count, spread = sums[1] / count - offset * offset;
  b->mean[channel] = (float)(shift + offset);
  b->variance[channel] = (float)(spread < 0 ? 0 : spread);
}

/** The first half of the forward pass, for those who make one mean and variance of several batches before the second. */
static void batch_norm_measure(void *arguments, size_t channel) {
  const BatchNormForward *b = arguments;
  measure(b, (int64_t)channel, b->x + (int64_t)channel * b->plane, b->channels * b->plane);
}

static void batch_norm_forward(void *arguments, size_t channel) {
  const BatchNormForward *b = arguments;
  const float *x = b->x + (int64_t)channel * b->plane;
  measure(b, (int64_t)channel, x, b->channels * b->plane);
  normalize(b, (int64_t)channel, x, b->channels * b->plane);
}

/** The same y once more, mean and variance being known: with the same bits, for those who did not keep it. */
static void batch_norm_again(void *arguments, size_t channel) {
  const BatchNormForward *b = arguments;
  normalize(b, (int64_t)channel, b->x + (int64_t)channel * b->plane, b->channels * b->plane);
}

/** What of the gradient passes the ReLU, `centred` being x − mean. */
ALWAYS_INLINE Vector passing(Vector dy, Vector centred, float factor, float bias, int relu) {
  return relu ? choose(centred * factor + bias > 0, dy, broadcast(0)) : dy;
}

/** Σ e and Σ e·(x − mean) over a plane, added to `sums`. */
ALWAYS_INLINE void add_products(const float *dy, const float *x, int64_t size, float mean, float factor, float bias,
                                int relu, double sums[2]) {
  int64_t i = 0;
  while (i < size) {
    int64_t end = i + RUN < size ? i + RUN : size;
    Vector sum0 = {0}, sum1 = {0}, product0 = {0}, product1 = {0};
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      Vector a = load(x + i) - mean, b = load(x + i + LANES) - mean;
      Vector e = passing(load(dy + i), a, factor, bias, relu), f = passing(load(dy + i + LANES), b, factor, bias, relu);
      sum0 += e;
      sum1 += f;
      product0 += e * a;
      product1 += f * b;
    }
    for (; i < end; i += LANES) {
      int64_t left = end - i;
      Vector a = (left < LANES ? load_some(x + i, left) : load(x + i)) - mean;
      Vector e = passing(left < LANES ? load_some(dy + i, left) : load(dy + i), a, factor, bias, relu);
      sum0 += e;
      product0 += e * a;
    }
    i = end;
    sums[0] += sum_lanes(sum0 + sum1);
    sums[1] += sum_lanes(product0 + product1);
  }
}

ALWAYS_INLINE void input_gradient(const float *dy, const float *x, const float *other, float *dx, int64_t size,
                                  float mean, float factor, float bias, float slope, float level, int relu) {
  int64_t i = 0;
  for (; i + LANES <= size; i += LANES) {
    Vector a = load(x + i) - mean, e = passing(load(dy + i), a, factor, bias, relu);
    Vector own = e * factor + (a * slope + level);
    store(dx + i, other ? load(other + i) + own : own);
  }
  if (i < size) {
    Vector a = load_some(x + i, size - i) - mean, e = passing(load_some(dy + i, size - i), a, factor, bias, relu);
    Vector own = e * factor + (a * slope + level);
    store_some(dx + i, other ? load_some(other + i, size - i) + own : own, size - i);
  }
}

/** Σ e and Σ e·(x − mean) of one channel, and what of them are gradients; plane n of x is at x + n·x_stride. */
static NOT_INLINE void norm_sums(const BatchNormBackward *b, int64_t channel, const float *x, int64_t x_stride,
                                 double sums[2]) {
  int64_t size = b->plane, stride = b->channels * size, start = channel * size;
  float mean = b->mean[channel], bias = b->bias[channel];
  float inverse = 1.0f / sqrtf(b->variance[channel] + b->epsilon);
  float factor = channel_factor(b->scale[channel], b->variance[channel], b->epsilon);
  sums[0] = sums[1] = 0;
  for (int64_t n = 0; n < b->images; n++) {
    const float *dy = b->dy + start + n * stride, *from = x + n * x_stride;
    if (b->relu)
      add_products(dy, from, size, mean, factor, bias, 1, sums);
    else
      add_products(dy, from, size, mean, factor, bias, 0, sums);
  }
  b->dbias[channel] = (float)sums[0];
  b->dscale[channel] = (float)(sums[1] * inverse);
}

/** The gradient of x of one channel from the sums; plane n of it is at dx + n·dx_stride, which may be x itself. */
static NOT_INLINE void norm_input_gradient(const BatchNormBackward *b, int64_t channel, const float *x, int64_t x_stride,
                                           float *dx, int64_t dx_stride, const double sums[2]) {
  int64_t size = b->plane, stride = b->channels * size, start = channel * size;
  float mean = b->mean[channel], bias = b->bias[channel];
  float inverse = 1.0f / sqrtf(b->variance[channel] + b->epsilon);
  float factor = channel_factor(b->scale[channel], b->variance[channel], b->epsilon);
  double count = (double)b->images * (double)size;
  float slope = (float)(-(double)factor * inverse * inverse * sums[1] / count);
  float level = (float)(-(double)factor * sums[0] / count);
  for (int64_t n = 0; n < b->images; n++) {
    const float *dy = b->dy + start + n * stride, *from = x + n * x_stride;
    const float *other = b->other ? b->other + start + n * stride : NULL;
#define GRADIENT(other, relu) \
  input_gradient(dy, from, other, dx + n * dx_stride, size, mean, factor, bias, slope, level, relu)
    if (other && b->relu)
      GRADIENT(other, 1);
    else if (other)
      GRADIENT(other, 0);
    else if (b->relu)
      GRADIENT(NULL, 1);
    else
      GRADIENT(NULL, 0);
#undef GRADIENT
  }
}

/** The gradients of one channel; plane n of x is at x + n·x_stride, and of its gradient likewise. They may be the same. */
static void norm_gradients(const BatchNormBackward *b, int64_t channel, const float *x, int64_t x_stride, float *dx,
                           int64_t dx_stride) {
  double sums[2];
  norm_sums(b, channel, x, x_stride, sums);
  norm_input_gradient(b, channel, x, x_stride, dx, dx_stride, sums);
}

/** The first half of the backward pass: dscale and dbias of the batch. */
static void batch_norm_sums(void *arguments, size_t channel) {
  const BatchNormBackward *b = arguments;
  double sums[2];
  norm_sums(b, (int64_t)channel, b->x + (int64_t)channel * b->plane, b->channels * b->plane, sums);
}

/** The second half, from the means of both over all batches that share mean and variance. */
static void batch_norm_input_gradient(void *arguments, size_t channel) {
  const BatchNormBackward *b = arguments;
  int64_t start = (int64_t)channel * b->plane, stride = b->channels * b->plane;
  float inverse = 1.0f / sqrtf(b->variance[channel] + b->epsilon);
  const double sums[2] = {b->shared_dbias[channel], b->shared_dscale[channel] / (double)inverse};
  norm_input_gradient(b, (int64_t)channel, b->x + start, stride, b->dx + start, stride, sums);
}

static void batch_norm_backward(void *arguments, size_t channel) {
  const BatchNormBackward *b = arguments;
  int64_t start = (int64_t)channel * b->plane, stride = b->channels * b->plane;
  norm_gradients(b, (int64_t)channel, b->x + start, stride, b->dx + start, stride);
}
