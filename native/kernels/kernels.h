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
} BatchNormBackward;

/** See gelu.h. */
typedef struct {
  const float *dy, *x;
  float *y;
  int64_t size;
} Gelu;

/** Values of one task of a GELU. */
#define GELU_BLOCK 16384

typedef struct {
  /** As in messages. */
  const char *name;
  int lanes;
  Task *batch_norm_forward, *batch_norm_backward;
  Task *gelu_forward, *gelu_backward;
} Kernels;

extern const Kernels kernels_4;
#ifdef __x86_64__
extern const Kernels kernels_8, kernels_16;
#endif
