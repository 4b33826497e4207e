/**
 * The gradient of the filters of a dense 3x3 convolution with stride 1 or 2.
 *
 * dweight[o, c, i, j] = Σ_nhw dy[n, o, h, w] · x[n, c, h·stride + i − top, w·stride + j − left], x being 0 outside.
 *
 * The runtime has no such operator: in stock operators x is padded, sorted by the place within the stride, cut into the values
 * that each tap meets, and multiplied tap by tap, which writes and reads it some ten times. Here rows of x are copied into cache
 * memory with their border, the columns sorted by remainder (see Bordered), and all nine taps read them there. Memory moves
 * about once: 4 bytes a value of x and of dy, and once more for each further task that needs them; it takes the time of
 * 18·images·outputs·inputs·out_h·out_w operations.
 *
 * One task is a block of inputs with a block of outputs (see dense_blocks). Sums of DENSE_ROWS rows stay in registers, and are
 * added to sums per lane; lanes go to double at the end.
 */
#pragma once
#include "depthwise.h"

#define DENSE_TAPS 9
/** Outputs whose sums are in registers at once. */
#if LANES == 16
#define DENSE_GROUP 2
#else
#define DENSE_GROUP 1
#endif
/** Floats of x, with borders, that stay in the first-level cache. */
#define DENSE_STRIP 6144

/** Adds to `sums` [outputs of the group, taps] what `rows` rows of dy (planes `step` apart) bring. */
ALWAYS_INLINE void dense_rows(Bordered q, const float *dy, int64_t step, Vector *sums, int64_t rows, int64_t width,
                              const int group, const int stride) {
  Vector products[DENSE_GROUP * DENSE_TAPS];
#pragma GCC unroll 32
  for (int t = 0; t < group * DENSE_TAPS; t++) products[t] = broadcast(0);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < width; c += LANES) {
      const float *base = q.values + r * stride * q.row + c, *p = dy + r * width + c;
      int64_t left = width - c;
      Vector slopes[DENSE_GROUP];
#pragma GCC unroll 4
      for (int g = 0; g < group; g++) slopes[g] = left < LANES ? load_some(p + g * step, left) : load(p + g * step);
#pragma GCC unroll 32
      for (int t = 0; t < DENSE_TAPS; t++) {
        Vector x = held(load(base + t / 3 * q.row + tap_column(&q, t % 3, stride)));
#pragma GCC unroll 4
        for (int g = 0; g < group; g++) products[g * DENSE_TAPS + t] += slopes[g] * x;
      }
    }
#pragma GCC unroll 32
  for (int t = 0; t < group * DENSE_TAPS; t++) sums[t] += products[t];
}

/** Function of its own for each case, so that sums stay in registers. */
#define DENSE_ROWS(name, group, stride)                                                                          \
  static NOT_INLINE void name(Bordered q, const float *dy, int64_t step, Vector *sums, int64_t rows, int64_t width) { \
    dense_rows(q, dy, step, sums, rows, width, group, stride);                                                  \
  }
DENSE_ROWS(dense_rows_stride1, DENSE_GROUP, 1)
DENSE_ROWS(dense_rows_stride2, DENSE_GROUP, 2)
#if DENSE_GROUP > 1
DENSE_ROWS(dense_row_stride1, 1, 1)
DENSE_ROWS(dense_row_stride2, 1, 2)
#endif

/** Rows of dy from `first` for one channel of x and all outputs of the block. */
static void dense_strip(const Dense *d, Bordered q, const float *dy, int64_t outputs, int64_t rows, Vector *sums) {
  int64_t plane = d->out_h * d->out_w, o = 0;
  for (; o + DENSE_GROUP <= outputs; o += DENSE_GROUP)
    (d->stride == 1 ? dense_rows_stride1 : dense_rows_stride2)(q, dy + o * plane, plane, sums + o * DENSE_TAPS, rows,
                                                              d->out_w);
#if DENSE_GROUP > 1
  if (o < outputs)
    (d->stride == 1 ? dense_row_stride1 : dense_row_stride2)(q, dy + o * plane, plane, sums + o * DENSE_TAPS, rows,
                                                            d->out_w);
#endif
}

static void dense_weight_gradient(void *arguments, size_t task) {
  const Dense *d = arguments;
  int64_t blocks = (d->outputs + d->block.outputs - 1) / d->block.outputs;
  int64_t first_in = (int64_t)task / blocks * d->block.inputs, first_out = (int64_t)task % blocks * d->block.outputs;
  int64_t inputs = d->inputs - first_in, outputs = d->outputs - first_out;
  if (inputs > d->block.inputs) inputs = d->block.inputs;
  if (outputs > d->block.outputs) outputs = d->block.outputs;

  int64_t columns = (d->out_w - 1) * d->stride + 3;
  if (columns < d->left + d->width) columns = d->left + d->width;
  Bordered q = bordered(SCRATCH_INPUT, 1, columns, d->stride);
  int64_t strip = DENSE_STRIP / (q.row * d->stride);
  if (strip < 1) strip = 1;
  if (strip > d->out_h) strip = d->out_h;
  q = bordered(SCRATCH_INPUT, (strip - 1) * d->stride + 3, columns, d->stride);

  int64_t count = inputs * outputs * DENSE_TAPS;
  Vector *sums = (Vector *)scratch(SCRATCH_OUTPUT, (size_t)(count * LANES));
  memset(sums, 0, (size_t)count * sizeof *sums);
  int64_t size = d->height * d->width, plane = d->out_h * d->out_w;
  for (int64_t n = 0; n < d->images; n++)
    for (int64_t r = 0; r < d->out_h; r += strip) {
      int64_t rows = r + strip < d->out_h ? strip : d->out_h - r;
      const float *dy = d->dy + (n * d->outputs + first_out) * plane + r * d->out_w;
      for (int64_t c = 0; c < inputs; c++) {
        const float *x = d->x + (n * d->inputs + first_in + c) * size;
        fill_bordered(q, x, d->height, d->width, d->top - r * d->stride, d->left, (rows - 1) * d->stride + 3, d->stride);
        dense_strip(d, q, dy, outputs, rows, sums + c * outputs * DENSE_TAPS);
      }
    }
  for (int64_t o = 0; o < outputs; o++)
    for (int64_t c = 0; c < inputs; c++)
      for (int64_t t = 0; t < DENSE_TAPS; t++) {
        Vector v = sums[(c * outputs + o) * DENSE_TAPS + t];
        double sum = 0;
        for (int i = 0; i < LANES; i++) sum += v[i];
        d->dweight[((first_out + o) * d->inputs + first_in + c) * DENSE_TAPS + t] = (float)sum;
      }
}
