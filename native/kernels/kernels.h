/**
 * What the kernels are given, and the table of them that exists once per vector width. All tensors are float32, row-major and
 * without gaps; maps are [images, channels, height, width].
 *
 * A kernel is a task `(arguments, index)`: the runtime's own threads call it for every index from 0, in any order and at once.
 * A task computes its values alone and in a fixed order, so that results do not depend on the number of threads.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef void Task(void *arguments, size_t index);

/** See batch_norm.h. */
typedef struct {
  const float *x, *scale, *bias;
  float *y, *mean, *variance;
  int64_t images, channels, plane;
  float epsilon;
  int relu;
} BatchNormForward;

typedef struct {
  const float *dy, *x, *scale, *bias, *mean, *variance;
  float *dx, *dscale, *dbias;
  int64_t images, channels, plane;
  float epsilon;
  int relu;
  /** As long as dx, which it is added to; null for none. */
  const float *other;
  /** Means of dscale and dbias over all batches that share mean and variance; for the half of a shared norm that reads them. */
  const float *shared_dscale, *shared_dbias;
} BatchNormBackward;

/** See gelu.h. */
typedef struct {
  const float *dy, *x;
  float *y;
  int64_t size;
} Gelu;

/** Values of one task of a GELU. */
#define GELU_BLOCK 16384

/** See depthwise.h. Most taps of a filter; of one with stride 2 whose input gradient has code of its own. */
#define MOST_TAPS 256
#define MOST_TAPS_2 32

typedef struct {
  const float *x, *weight;
  /** Null for none. */
  const float *bias;
  /** The result, and GELU of it; null where nobody wants it. */
  float *y, *activated;
  /** Backward: gradient of the result, or of GELU of it. */
  const float *dy;
  int gelu;
  /** The last two, which is Σ dx of a channel at the end, are null where nobody wants them. */
  float *dx, *dweight, *dbias, *dx_sum;
  int64_t images, channels, height, width, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, top, left;
} Depthwise;

/** A convolution and the norm behind it, whose input it computes: that, and the gradient of it, are stored nowhere. */
typedef struct {
  Depthwise convolution;
  BatchNormForward forward;
  BatchNormBackward backward;
} DepthwiseNorm;

/** See dense.h. */
typedef struct {
  const float *x, *dy;
  float *dweight;
  int64_t images, inputs, outputs, height, width, out_h, out_w, stride, top, left;
  /** Of one task. */
  struct {
    int64_t inputs, outputs;
  } block;
} Dense;

/** Sets the block of a task; gives the number of tasks. It depends on sizes alone. */
static inline int64_t dense_blocks(Dense *d) {
  // A block of inputs shares what it reads of dy; its sums should fit the cache.
  d->block.inputs = d->outputs <= 64 && d->inputs >= 16 ? 4 : 1;
  int64_t tasks = (d->inputs + d->block.inputs - 1) / d->block.inputs;
  // As many tasks as keep several threads busy to the end.
  int64_t parts = tasks >= 8 ? 1 : (11 + tasks) / tasks;
  if (parts > d->outputs) parts = d->outputs;
  d->block.outputs = (d->outputs + parts - 1) / parts;
  // Whole pairs, which share registers.
  d->block.outputs += d->block.outputs & 1;
  return tasks * ((d->outputs + d->block.outputs - 1) / d->block.outputs);
}

/** See loss.h. Pairs of rows of one task. */
#define LOSS_BAND 8

typedef struct {
  const float *x, *labels, *weights;
  float *dx;
  /** By task: the sum of its losses, and [classes, width] what it brings to the row that is the next one's. */
  double *losses;
  float *shared;
  int64_t images, classes, height, width, up_h, up_w;
  /** Tasks of an image. */
  int64_t bands;
} ResizedLoss;

/** Before the first row, between each two, and behind the last. */
static inline int64_t loss_bands(int64_t height) { return (height + LOSS_BAND) / LOSS_BAND; }

/** Adds what tasks bring to the rows that two of them share; gives the loss. */
static inline double finish_loss(const ResizedLoss *d) {
  double loss = 0;
  for (int64_t task = 0; task < d->images * d->bands; task++) {
    int64_t n = task / d->bands, row = (task % d->bands + 1) * LOSS_BAND - 1;
    loss += d->losses[task];
    if (row >= d->height) continue;
    for (int64_t k = 0; k < d->classes; k++) {
      const float *from = d->shared + (task * d->classes + k) * d->width;
      float *to = d->dx + ((n * d->classes + k) * d->height + row) * d->width;
      for (int64_t i = 0; i < d->width; i++) to[i] += from[i];
    }
  }
  return loss / (double)(d->images * d->height * d->up_h * d->width * d->up_w);
}

/** See elementwise.h. */
enum {
  ELEMENTWISE_LOAD,
  ELEMENTWISE_CONST,
  ELEMENTWISE_ADD,
  ELEMENTWISE_SUB,
  ELEMENTWISE_MUL,
  ELEMENTWISE_DIV,
  ELEMENTWISE_NEG,
  ELEMENTWISE_RELU,
  ELEMENTWISE_POSITIVE,
  ELEMENTWISE_SIGMOID,
  ELEMENTWISE_CODES
};
enum { VIEW_PLANE, VIEW_VALUE, VIEW_UPSAMPLED };

/** Most operands on the stack, tensors, views, constants and pieces of one operator, and values of a tile and a task. */
#define ELEMENTWISE_DEPTH 8
#define ELEMENTWISE_TENSORS 30
#define ELEMENTWISE_VIEWS 48
#define ELEMENTWISE_CONSTANTS 16
#define ELEMENTWISE_PIECES 16
#define TILE 2048
#define ELEMENTWISE_TASK 4096

/** Where plane (n, k) of an operand lies: whole planes, one value for a plane, or smaller planes that are upsampled. */
typedef struct {
  int32_t tensor, mode;
  int64_t image, offset, channel, up_h, up_w;
} View;

/** Channels first + k·step, k < count, of the result, and the program (pairs of code and argument) for them. */
typedef struct {
  int64_t count, first, step;
  int32_t length;
  const int32_t *code;
} Piece;

typedef struct {
  /** Of the maps that are computed; the result has `channels` of them an image, of which the pieces write `planes`. */
  int64_t images, channels, planes, height, width;
  /** Size of the windows that are summed at the end and what sums are multiplied with; 0 for none. */
  int64_t window_h, window_w;
  float scale;
  int64_t planes_per_task;
  int32_t tensors, view_count, piece_count;
  View views[ELEMENTWISE_VIEWS];
  Piece pieces[ELEMENTWISE_PIECES];
  float constants[ELEMENTWISE_CONSTANTS];
} Elementwise;

typedef struct {
  const Elementwise *program;
  const float *tensors[ELEMENTWISE_TENSORS];
  float *out;
} ElementwiseCall;

typedef struct {
  /** As in messages. */
  const char *name;
  int lanes;
  Task *batch_norm_forward, *batch_norm_again, *batch_norm_backward;
  Task *batch_norm_measure, *batch_norm_sums, *batch_norm_input_gradient;
  Task *gelu_forward, *gelu_backward;
  Task *elementwise;
  Task *depthwise_forward, *depthwise_norm_forward, *depthwise_norm_again;
  Task *depthwise_backward, *depthwise_norm_backward;
  Task *dense_weight_gradient;
  Task *resized_loss;
} Kernels;

extern const Kernels kernels_4;
#ifdef __x86_64__
extern const Kernels kernels_8, kernels_16;
#endif
