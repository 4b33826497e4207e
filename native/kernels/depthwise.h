/**
 * Depthwise convolution (every channel with a filter of its own) and its gradients, with the batch norm or GELU behind it.
 *
 * y[n, c, h, w] = bias[c] + Σ_ij weight[c, i, j] · x[n, c, h·stride_h + i − top, w·stride_w + j − left], x being 0 outside.
 *
 * Every plane is copied into cache memory with its border of zeros, so that no tap asks where it is. Of strided convolutions
 * the columns are kept apart by their remainder, so that the values of one tap lie side by side. Rows are computed four at a
 * time: neighbours share what they read.
 *
 * Moves 8 bytes a value forward (x, y) and 12 backward (dy, x, dx): one reading of dy serves the gradients of input and filter.
 * A norm or GELU moves nothing more: it finds its channel in cache memory, where the convolution has left it and nowhere else.
 * The backward pass needs that result once more and convolves x again, with the same bits. It reads x anyway, and arithmetic is
 * cheaper than the memory that would have to be written, kept and read. Σ dx of a channel, which the bias of a layer before asks
 * for, is taken while dx is in the cache.
 *
 * One task is a plane (forward) or a channel (with a norm, and backward).
 */
#pragma once
#include "batch_norm.h"
#include "gelu.h"
#include "kernels.h"
#include "scratch.h"
#include "vector.h"

/** A plane with its border. Column q of a row is at (q % stride)·part + q / stride. */
typedef struct {
  float *values;
  /** From row to row, and from one remainder of columns to the next. */
  int64_t row, part;
} Bordered;

ALWAYS_INLINE int64_t round_up(int64_t value) { return (value + 15) / 16 * 16; }

/** Memory for `rows` rows of which vectors may read LANES values beyond `columns` in each part. */
static Bordered bordered(enum ScratchSlot slot, int64_t rows, int64_t columns, int64_t stride) {
  int64_t part = round_up((columns + stride - 1) / stride + LANES);
  // The last vector of the last row may end a little behind it.
  float *values = scratch(slot, (size_t)(rows * part * stride + 4 * LANES));
  return (Bordered){values, part * stride, part};
}

/** Copies rows of x [height, width] to where they belong, with zeros around. */
static void fill_bordered(Bordered q, const float *x, int64_t height, int64_t width, int64_t top, int64_t left,
                          int64_t rows, int64_t stride) {
  for (int64_t r = 0; r < rows; r++) {
    float *to = q.values + r * q.row;
    int64_t h = r - top;
    if (h < 0 || h >= height) {
      memset(to, 0, (size_t)q.row * sizeof(float));
      continue;
    }
    const float *from = x + h * width;
    if (stride == 1) {
      memset(to, 0, (size_t)left * sizeof(float));
      memcpy(to + left, from, (size_t)width * sizeof(float));
      memset(to + left + width, 0, (size_t)(q.row - left - width) * sizeof(float));
      continue;
    }
    memset(to, 0, (size_t)q.row * sizeof(float));
    if (stride == 2) {
      float *even = to + (left & 1) * q.part + (left >> 1), *odd = to + (~left & 1) * q.part + ((left + 1) >> 1);
      for (int64_t i = 0; i < width / 2; i++) {
        even[i] = from[2 * i];
        odd[i] = from[2 * i + 1];
      }
      if (width & 1) even[width / 2] = from[width - 1];
    } else {
      for (int64_t i = 0; i < width; i++) to[(i + left) % stride * q.part + (i + left) / stride] = from[i];
    }
  }
}

/** Where tap j of a row starts. */
ALWAYS_INLINE int64_t tap_column(const Bordered *q, int64_t j, int64_t stride) {
  return stride == 1 ? j : j % stride * q->part + j / stride;
}

ALWAYS_INLINE void store_columns(float *to, Vector v, int64_t left) {
  if (left >= LANES)
    store(to, v);
  else
    store_some(to, v, left);
}

/**
 * Four rows of y by a filter of known size. Where rows of x follow each other (stride_h = 1) a value that several rows need is loaded
 * once: loads that cross a line of the cache take longer than the products. Each sum adds its taps in the order of the filter all the
 * same.
 */
ALWAYS_INLINE void convolve_sharing(const Bordered *q, const float *base, const float *taps, Vector sums[4],
                                    const int kernel_h, const int kernel_w) {
#pragma GCC unroll 32
  for (int row = 0; row < kernel_h + 3; row++)
#pragma GCC unroll 32
    for (int j = 0; j < kernel_w; j++) {
      Vector x = held(load(base + row * q->row + j));
#pragma GCC unroll 4
      for (int k = 0; k < 4; k++)
        if (row >= k && row - k < kernel_h) sums[k] += taps[(row - k) * kernel_w + j] * x;
    }
}

/** Four rows of y by any filter. */
ALWAYS_INLINE void convolve_four(const Bordered *q, const float *base, const float *taps, Vector sums[4],
                                 const int kernel_h, const int kernel_w, const int stride_h, const int stride_w) {
  const int64_t down = stride_h * q->row;
  Vector sum0 = sums[0], sum1 = sums[1], sum2 = sums[2], sum3 = sums[3];
  for (int i = 0; i < kernel_h; i++)
    for (int j = 0; j < kernel_w; j++) {
      const float tap = taps[i * kernel_w + j], *p = base + i * q->row + tap_column(q, j, stride_w);
      sum0 += tap * load(p);
      sum1 += tap * load(p + down);
      sum2 += tap * load(p + 2 * down);
      sum3 += tap * load(p + 3 * down);
    }
  sums[0] = sum0, sums[1] = sum1, sums[2] = sum2, sums[3] = sum3;
}

/** One plane of y, `turned` with the filter turned by 180°; `known` where the sizes of the filter are literal numbers. */
ALWAYS_INLINE void convolve_rows(Bordered q, const float *weight, float bias, float *y, int64_t out_h, int64_t out_w,
                                 const int kernel_h, const int kernel_w, const int stride_h, const int stride_w,
                                 const int turned, const int known) {
  const int count = kernel_h * kernel_w;
  const int64_t down = stride_h * q.row;
  // A copy, which stays in registers: for all the compiler knows, writing y might change the filter.
  float taps[MOST_TAPS];
  for (int t = 0; t < count; t++) taps[t] = weight[turned ? count - 1 - t : t];
  int64_t r = 0;
  for (; r + 4 <= out_h; r += 4)
    for (int64_t c = 0; c < out_w; c += LANES) {
      Vector sums[4] = {broadcast(bias), broadcast(bias), broadcast(bias), broadcast(bias)};
      const float *base = q.values + r * down + c;
      if (known && stride_h == 1 && stride_w == 1 && kernel_h > 1)
        convolve_sharing(&q, base, taps, sums, kernel_h, kernel_w);
      else
        convolve_four(&q, base, taps, sums, kernel_h, kernel_w, stride_h, stride_w);
#pragma GCC unroll 4
      for (int k = 0; k < 4; k++) store_columns(y + (r + k) * out_w + c, sums[k], out_w - c);
    }
  for (; r < out_h; r++)
    for (int64_t c = 0; c < out_w; c += LANES) {
      Vector sum = broadcast(bias);
      const float *base = q.values + r * down + c;
      for (int i = 0; i < kernel_h; i++)
        for (int j = 0; j < kernel_w; j++)
          sum += taps[i * kernel_w + j] * load(base + i * q.row + tap_column(&q, j, stride_w));
      store_columns(y + r * out_w + c, sum, out_w - c);
    }
}

/** Filters for which code of their own is worth it: with known sizes, taps are unrolled and sums stay in registers. */
#define KNOWN_FILTERS(CASE)                                                                     \
  CASE(3, 3, 1) CASE(3, 3, 2) CASE(5, 5, 1) CASE(1, 7, 1) CASE(7, 1, 1) CASE(1, 11, 1) CASE(11, 1, 1) \
  CASE(1, 21, 1) CASE(21, 1, 1)

/** One function for all callers, so that its bits are the same for all. */
static NOT_INLINE void convolve(Bordered q, const float *weight, float bias, float *y, int64_t out_h, int64_t out_w, int kernel_h,
                     int kernel_w, int stride_h, int stride_w) {
#define CASE(h, w, s)                                                               \
  if (kernel_h == h && kernel_w == w && stride_h == s && stride_w == s) {           \
    convolve_rows(q, weight, bias, y, out_h, out_w, h, w, s, s, 0, 1);              \
    return;                                                                         \
  }
  KNOWN_FILTERS(CASE)
#undef CASE
  convolve_rows(q, weight, bias, y, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, 0, 0);
}

/** The same with stride 1 and turned filters: from the gradient of the output to that of the input. */
static void convolve_back(Bordered q, const float *weight, float *dx, int64_t height, int64_t width, int kernel_h,
                          int kernel_w) {
#define CASE(h, w, s)                                                               \
  if (s == 1 && kernel_h == h && kernel_w == w) {                                   \
    convolve_rows(q, weight, 0, dx, height, width, h, w, 1, 1, 1, 1);               \
    return;                                                                         \
  }
  KNOWN_FILTERS(CASE)
#undef CASE
  if (kernel_h == 3 && kernel_w == 3)
    convolve_rows(q, weight, 0, dx, height, width, 3, 3, 1, 1, 1, 1);
  else
    convolve_rows(q, weight, 0, dx, height, width, kernel_h, kernel_w, 1, 1, 1, 0);
}

/** A plane of x with its border. */
static Bordered input_plane(const Depthwise *d, int64_t plane) {
  int64_t rows = (d->out_h - 1) * d->stride_h + d->kernel_h, columns = (d->out_w - 1) * d->stride_w + d->kernel_w;
  if (columns < d->left + d->width) columns = d->left + d->width;
  Bordered q = bordered(SCRATCH_INPUT, rows, columns, d->stride_w);
  fill_bordered(q, d->x + plane * d->height * d->width, d->height, d->width, d->top, d->left, rows, d->stride_w);
  return q;
}

/** A plane of the result, from the same plane of x. */
static void convolve_plane(const Depthwise *d, int64_t plane, Bordered q, float *y) {
  int64_t channel = plane % d->channels;
  convolve(q, d->weight + channel * d->kernel_h * d->kernel_w, d->bias ? d->bias[channel] : 0,
           y, d->out_h, d->out_w, (int)d->kernel_h, (int)d->kernel_w, (int)d->stride_h, (int)d->stride_w);
}

static void depthwise_plane(const Depthwise *d, int64_t plane, float *y) {
  convolve_plane(d, plane, input_plane(d, plane), y);
}

static void depthwise_forward(void *arguments, size_t plane) {
  const Depthwise *d = arguments;
  int64_t size = d->out_h * d->out_w, start = (int64_t)plane * size;
  float *y = d->y ? d->y + start : scratch(SCRATCH_OUTPUT, (size_t)size);
  depthwise_plane(d, (int64_t)plane, y);
  if (d->activated) gelu_values(y, d->activated + start, size);
}

/** What goes into the norm of a channel, image by image; in memory of the thread unless somebody else wants it. */
static float *before_norm(const Depthwise *d, int64_t channel, int64_t *stride) {
  int64_t size = d->out_h * d->out_w;
  *stride = d->y ? d->channels * size : size;
  float *y = d->y ? d->y + channel * size : scratch(SCRATCH_OUTPUT, (size_t)(d->images * size));
  for (int64_t n = 0; n < d->images; n++) depthwise_plane(d, n * d->channels + channel, y + n * *stride);
  return y;
}

static void depthwise_norm_forward(void *arguments, size_t channel) {
  const DepthwiseNorm *d = arguments;
  int64_t stride;
  const float *y = before_norm(&d->convolution, (int64_t)channel, &stride);
  measure(&d->forward, (int64_t)channel, y, stride);
  normalize(&d->forward, (int64_t)channel, y, stride);
}

/** The same result once more, mean and variance being known: with the same bits, for those who did not keep it. */
static void depthwise_norm_again(void *arguments, size_t channel) {
  const DepthwiseNorm *d = arguments;
  int64_t stride;
  const float *y = before_norm(&d->convolution, (int64_t)channel, &stride);
  normalize(&d->forward, (int64_t)channel, y, stride);
}

/** Adds to sums[tap] the products of dy with what the tap has read, and to the last of them the sum of dy. */
ALWAYS_INLINE void correlate_rows(Bordered q, const float *dy, double *sums, int64_t out_h, int64_t out_w,
                                  const int kernel_h, const int kernel_w, const int stride_h, const int stride_w,
                                  const int known) {
  const int taps = kernel_h * kernel_w;
  const int64_t down = stride_h * q.row;
  Vector products[MOST_TAPS], total = {0};
#pragma GCC unroll 32
  for (int t = 0; t < taps; t++) products[t] = broadcast(0);
  int64_t r = 0;
  // Two rows at a time share what they read.
  for (; r + 2 <= out_h; r += 2)
    for (int64_t c = 0; c < out_w; c += LANES) {
      const float *p = dy + r * out_w + c, *base = q.values + r * down + c;
      int64_t left = out_w - c;
      Vector above = left < LANES ? load_some(p, left) : load(p);
      Vector below = left < LANES ? load_some(p + out_w, left) : load(p + out_w);
      total += above + below;
      if (known && stride_h == 1 && stride_w == 1) {
#pragma GCC unroll 32
        for (int row = 0; row <= kernel_h; row++)
#pragma GCC unroll 32
          for (int j = 0; j < kernel_w; j++) {
            Vector x = held(load(base + row * q.row + j));
            if (row < kernel_h) products[row * kernel_w + j] += above * x;
            if (row > 0) products[(row - 1) * kernel_w + j] += below * x;
          }
        continue;
      }
#pragma GCC unroll 32
      for (int t = 0; t < taps; t++) {
        const float *from = base + t / kernel_w * q.row + tap_column(&q, t % kernel_w, stride_w);
        products[t] += above * load(from);
        products[t] += below * load(from + down);
      }
    }
  for (; r < out_h; r++)
    for (int64_t c = 0; c < out_w; c += LANES) {
      const float *p = dy + r * out_w + c, *base = q.values + r * down + c;
      Vector g = out_w - c < LANES ? load_some(p, out_w - c) : load(p);
      total += g;
#pragma GCC unroll 32
      for (int t = 0; t < taps; t++)
        products[t] += g * load(base + t / kernel_w * q.row + tap_column(&q, t % kernel_w, stride_w));
    }
#pragma GCC unroll 32
  for (int t = 0; t < taps; t++) sums[t] += sum_lanes(products[t]);
  sums[taps] += sum_lanes(total);
}

static void correlate(Bordered q, const float *dy, double *sums, int64_t out_h, int64_t out_w, int kernel_h,
                      int kernel_w, int stride_h, int stride_w) {
#define CASE(h, w, s)                                                     \
  if (kernel_h == h && kernel_w == w && stride_h == s && stride_w == s) { \
    correlate_rows(q, dy, sums, out_h, out_w, h, w, s, s, 1);             \
    return;                                                               \
  }
  KNOWN_FILTERS(CASE)
#undef CASE
  correlate_rows(q, dy, sums, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, 0);
}

/** Taps that reach the input positions of one remainder of row and column, and where they find their gradient. */
typedef struct {
  int count, tap[MOST_TAPS_2];
  int64_t offset[MOST_TAPS_2];
} Reaching;

static Reaching reaching(const Depthwise *d, Bordered z, int64_t row, int64_t column) {
  Reaching reach = {0};
  for (int i = 0; i < d->kernel_h; i++)
    for (int j = 0; j < d->kernel_w; j++) {
      int64_t a = row + d->top - i, b = column + d->left - j;
      if ((a & 1) || (b & 1)) continue;
      reach.tap[reach.count] = i * (int)d->kernel_w + j;
      reach.offset[reach.count++] = (a / 2 + d->kernel_h) * z.row + b / 2 + d->kernel_w;
    }
  return reach;
}

ALWAYS_INLINE Vector reached(const Reaching *reach, const float *weight, const float *p) {
  Vector sum = {0};
  for (int t = 0; t < reach->count; t++) sum += weight[reach->tap[t]] * load(p + reach->offset[t]);
  return sum;
}

/** The input gradient of stride 2: a small convolution for each remainder of columns, the two interleaved in registers. */
static void stride2_input_gradient(const Depthwise *d, const float *dy, const float *weight, float *dx) {
  int64_t rows = d->height / 2 + d->top + 2 * d->kernel_h + 2;
  if (rows < d->kernel_h + d->out_h) rows = d->kernel_h + d->out_h;
  int64_t columns = d->width / 2 + d->left + 2 * d->kernel_w + 2;
  if (columns < d->kernel_w + d->out_w) columns = d->kernel_w + d->out_w;
  Bordered z = bordered(SCRATCH_GRADIENT, rows, columns, 1);
  fill_bordered(z, dy, d->out_h, d->out_w, d->kernel_h, d->kernel_w, rows, 1);
  Reaching reach[2][2];
  for (int i = 0; i < 4; i++) reach[i / 2][i % 2] = reaching(d, z, i / 2, i % 2);
  for (int64_t h = 0; h < d->height; h++) {
    const float *base = z.values + (h >> 1) * z.row;
    for (int64_t c = 0; c < d->width; c += 2 * LANES) {
      Vector even = reached(&reach[h & 1][0], weight, base + c / 2);
      Vector odd = reached(&reach[h & 1][1], weight, base + c / 2);
      float *to = dx + h * d->width + c;
      store_columns(to, interleave_low(even, odd), d->width - c);
      if (d->width - c > LANES) store_columns(to + LANES, interleave_high(even, odd), d->width - c - LANES);
    }
  }
}

/** The input gradient of any other stride: dy with zeros between its values, convolved with turned filters. */
static void stuffed_input_gradient(const Depthwise *d, const float *dy, const float *weight, float *dx) {
  int64_t rows = d->height + d->kernel_h - 1, top = d->kernel_h - 1 - d->top, left = d->kernel_w - 1 - d->left;
  int64_t columns = d->width + d->kernel_w - 1;
  if (columns < left + (d->out_w - 1) * d->stride_w + 1) columns = left + (d->out_w - 1) * d->stride_w + 1;
  Bordered z = bordered(SCRATCH_GRADIENT, rows, columns, 1);
  if (d->stride_h == 1 && d->stride_w == 1) {
    fill_bordered(z, dy, d->out_h, d->out_w, top, left, rows, 1);
  } else {
    memset(z.values, 0, (size_t)(rows * z.row) * sizeof(float));
    for (int64_t r = 0; r < d->out_h && r * d->stride_h + top < rows; r++)
      for (int64_t c = 0; c < d->out_w; c++)
        z.values[(r * d->stride_h + top) * z.row + c * d->stride_w + left] = dy[r * d->out_w + c];
  }
  convolve_back(z, weight, dx, d->height, d->width, (int)d->kernel_h, (int)d->kernel_w);
}

/** Adds the share of one plane to the gradient of the filter, and computes that of the input. @param q the plane of x */
static void plane_gradients(const Depthwise *d, int64_t plane, Bordered q, const float *dy, double *sums) {
  int64_t channel = plane % d->channels, size = d->height * d->width;
  correlate(q, dy, sums, d->out_h, d->out_w, (int)d->kernel_h, (int)d->kernel_w, (int)d->stride_h, (int)d->stride_w);
  const float *weight = d->weight + channel * d->kernel_h * d->kernel_w;
  int is_stride2 = d->stride_h == 2 && d->stride_w == 2 && d->kernel_h * d->kernel_w <= MOST_TAPS_2;
  (is_stride2 ? stride2_input_gradient : stuffed_input_gradient)(d, dy, weight, d->dx + plane * size);
}

static void write_filter_gradient(const Depthwise *d, int64_t channel, const double *sums) {
  int64_t taps = d->kernel_h * d->kernel_w;
  for (int64_t t = 0; t < taps; t++) d->dweight[channel * taps + t] = (float)sums[t];
  if (d->dbias) d->dbias[channel] = (float)sums[taps];
}

/** Σ of values that have just been computed. */
static double sum_of(const float *values, int64_t size) {
  double total = 0;
  int64_t i = 0;
  while (i + LANES <= size) {
    int64_t end = i + RUN < size ? i + RUN : size;
    Vector sum = {0};
    for (; i + LANES <= end; i += LANES) sum += load(values + i);
    total += sum_lanes(sum);
  }
  for (; i < size; i++) total += values[i];
  return total;
}

static void depthwise_backward(void *arguments, size_t channel) {
  const Depthwise *d = arguments;
  double sums[MOST_TAPS + 1] = {0}, total = 0;
  int64_t size = d->out_h * d->out_w;
  for (int64_t n = 0; n < d->images; n++) {
    int64_t plane = n * d->channels + (int64_t)channel;
    const float *dy = d->dy + plane * size;
    Bordered q = input_plane(d, plane);
    if (d->gelu) {
      float *own = scratch(SCRATCH_OUTPUT, (size_t)size);
      convolve_plane(d, plane, q, own);
      gelu_gradients(dy, own, own, size);
      dy = own;
    }
    plane_gradients(d, plane, q, dy, sums);
    if (d->dx_sum) total += sum_of(d->dx + plane * d->height * d->width, d->height * d->width);
  }
  write_filter_gradient(d, (int64_t)channel, sums);
  if (d->dx_sum) d->dx_sum[channel] = (float)total;
}

static void depthwise_norm_backward(void *arguments, size_t channel) {
  const DepthwiseNorm *b = arguments;
  const Depthwise *d = &b->convolution;
  double sums[MOST_TAPS + 1] = {0};
  int64_t stride;
  // Its gradient takes the place of what goes into the norm, value by value.
  float *dy = before_norm(d, (int64_t)channel, &stride);
  norm_gradients(&b->backward, (int64_t)channel, dy, stride, dy, stride);
  for (int64_t n = 0; n < d->images; n++) {
    int64_t plane = n * d->channels + (int64_t)channel;
    plane_gradients(d, plane, input_plane(d, plane), dy + n * stride, sums);
  }
  write_filter_gradient(d, (int64_t)channel, sums);
}
