/**
 * The operators of the domain "otx": what each takes and gives, checked, and which kernel computes it. All are of float32
 * with as many inputs and outputs as they please, since the graph that holds them comes from one compiler.
 *
 * To add one: its arguments in kernels/kernels.h, its kernel in kernels/, an entry of `table` with its function here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"
#include "program.h"
#include "share.h"

#define MOST_DIMENSIONS 8

typedef struct {
  const float *data;
  int64_t shape[MOST_DIMENSIONS], size;
  size_t rank;
} Input;

/** Numbers that a node carries as attributes. */
typedef struct Kernel {
  OrtStatus *(*compute)(const struct Kernel *, OrtKernelContext *);
  float epsilon;
  int64_t relu, gelu;
  /** Of a norm whose statistics are those of several batches: its place, from 1; else 0. */
  int64_t shared;
  /** Of a convolution: strides, top and left padding, size of the result. */
  int64_t strides[2], pads[2], size[2];
  /** Of an elementwise operator, else null. */
  Elementwise *program;
} Kernel;

typedef struct {
  OrtCustomOp base;
  const char *name;
  OrtStatus *(*compute)(const Kernel *, OrtKernelContext *);
} Operator;

#define TRY(call)                    \
  do {                               \
    OrtStatus *status_ = (call);     \
    if (status_) return status_;     \
  } while (0)

#define REQUIRE(condition) \
  if (!(condition)) return ort->CreateStatus(ORT_INVALID_ARGUMENT, "otx operator: " #condition " does not hold")

static OrtStatus *read_input(const OrtKernelContext *context, size_t index, Input *out) {
  const OrtValue *value;
  OrtTensorTypeAndShapeInfo *info;
  TRY(ort->KernelContext_GetInput(context, index, &value));
  REQUIRE(value != NULL);
  TRY(ort->GetTensorTypeAndShape(value, &info));
  OrtStatus *status = ort->GetDimensionsCount(info, &out->rank);
  if (!status && out->rank > MOST_DIMENSIONS) status = ort->CreateStatus(ORT_FAIL, "otx operator: too many dimensions");
  if (!status) status = ort->GetDimensions(info, out->shape, out->rank);
  ort->ReleaseTensorTypeAndShapeInfo(info);
  TRY(status);
  out->size = 1;
  for (size_t i = 0; i < out->rank; i++) out->size *= out->shape[i];
  void *data;
  TRY(ort->GetTensorMutableData((OrtValue *)value, &data));
  out->data = data;
  return NULL;
}

static OrtStatus *read_inputs(const OrtKernelContext *context, size_t count, Input *out) {
  size_t given;
  TRY(ort->KernelContext_GetInputCount(context, &given));
  REQUIRE(given == count);
  for (size_t i = 0; i < count; i++) TRY(read_input(context, i, out + i));
  return NULL;
}

static OrtStatus *make_output(OrtKernelContext *context, size_t index, const int64_t *shape, size_t rank, float **out) {
  OrtValue *value;
  void *data;
  TRY(ort->KernelContext_GetOutput(context, index, shape, rank, &value));
  TRY(ort->GetTensorMutableData(value, &data));
  *out = data;
  return NULL;
}

static OrtStatus *parallel(const OrtKernelContext *context, Task *task, int64_t total, void *arguments) {
  return total > 0 ? ort->KernelContext_ParallelFor(context, task, (size_t)total, 0, arguments) : NULL;
}

/** Values of one channel of one image. */
static int64_t plane_of(const Input *x) { return x->size / (x->shape[0] * x->shape[1]); }

static OrtStatus *shared(const char *problem) { return problem ? ort->CreateStatus(ORT_FAIL, problem) : NULL; }

/** (x, scale, bias) → (y, mean, variance) */
static OrtStatus *batch_norm(const Kernel *kernel, OrtKernelContext *context) {
  Input in[3];
  TRY(read_inputs(context, 3, in));
  REQUIRE(in[0].rank >= 2 && in[0].size > 0);
  int64_t channels = in[0].shape[1];
  REQUIRE(in[1].size == channels && in[2].size == channels);
  BatchNormForward b = {
      .x = in[0].data,
      .scale = in[1].data,
      .bias = in[2].data,
      .images = in[0].shape[0],
      .channels = channels,
      .plane = plane_of(in),
      .epsilon = kernel->epsilon,
      .relu = kernel->relu != 0,
  };
  TRY(make_output(context, 0, in[0].shape, in[0].rank, &b.y));
  TRY(make_output(context, 1, &channels, 1, &b.mean));
  TRY(make_output(context, 2, &channels, 1, &b.variance));
  if (kernel->shared == 0) return parallel(context, kernels->batch_norm_forward, channels, &b);
  TRY(parallel(context, kernels->batch_norm_measure, channels, &b));
  TRY(shared(share(kernel->shared, SHARE_MOMENTS, b.mean, b.variance, channels)));
  return parallel(context, kernels->batch_norm_again, channels, &b);
}

/** (x, scale, bias, mean, variance) → y */
static OrtStatus *batch_norm_again(const Kernel *kernel, OrtKernelContext *context) {
  Input in[5];
  TRY(read_inputs(context, 5, in));
  REQUIRE(in[0].rank >= 2 && in[0].size > 0);
  int64_t channels = in[0].shape[1];
  REQUIRE(in[1].size == channels && in[2].size == channels && in[3].size == channels && in[4].size == channels);
  BatchNormForward b = {
      .x = in[0].data,
      .scale = in[1].data,
      .bias = in[2].data,
      // Only read by this kernel.
      .mean = (float *)in[3].data,
      .variance = (float *)in[4].data,
      .images = in[0].shape[0],
      .channels = channels,
      .plane = plane_of(in),
      .epsilon = kernel->epsilon,
      .relu = kernel->relu != 0,
  };
  TRY(make_output(context, 0, in[0].shape, in[0].rank, &b.y));
  return parallel(context, kernels->batch_norm_again, channels, &b);
}

/** The gradients of scale and bias stay those of this batch, as all others are until the mean of all is taken. */
static OrtStatus *shared_norm_grad(const Kernel *kernel, OrtKernelContext *context, BatchNormBackward b) {
  TRY(parallel(context, kernels->batch_norm_sums, b.channels, &b));
  size_t bytes = (size_t)b.channels * sizeof(float);
  float *means = malloc(2 * bytes);
  if (!means) return ort->CreateStatus(ORT_FAIL, "otx operator: out of memory");
  memcpy(means, b.dscale, bytes);
  memcpy(means + b.channels, b.dbias, bytes);
  b.shared_dscale = means;
  b.shared_dbias = means + b.channels;
  OrtStatus *status = shared(share(kernel->shared, SHARE_SUMS, means, means + b.channels, b.channels));
  if (!status) status = parallel(context, kernels->batch_norm_input_gradient, b.channels, &b);
  free(means);
  return status;
}

/** (dy, x, scale, bias, mean, variance, what is added to dx if any) → (dx, dscale, dbias) */
static OrtStatus *batch_norm_grad(const Kernel *kernel, OrtKernelContext *context) {
  Input in[7];
  size_t inputs;
  TRY(ort->KernelContext_GetInputCount(context, &inputs));
  REQUIRE(inputs == 6 || inputs == 7);
  TRY(read_inputs(context, inputs, in));
  REQUIRE(inputs == 6 || in[6].size == in[1].size);
  REQUIRE(in[1].rank >= 2 && in[1].size > 0 && in[0].size == in[1].size);
  int64_t channels = in[1].shape[1];
  REQUIRE(in[2].size == channels && in[3].size == channels && in[4].size == channels && in[5].size == channels);
  BatchNormBackward b = {
      .dy = in[0].data,
      .x = in[1].data,
      .scale = in[2].data,
      .bias = in[3].data,
      .mean = in[4].data,
      .variance = in[5].data,
      .images = in[1].shape[0],
      .channels = channels,
      .plane = plane_of(in + 1),
      .epsilon = kernel->epsilon,
      .relu = kernel->relu != 0,
      .other = inputs == 7 ? in[6].data : NULL,
  };
  TRY(make_output(context, 0, in[1].shape, in[1].rank, &b.dx));
  TRY(make_output(context, 1, &channels, 1, &b.dscale));
  TRY(make_output(context, 2, &channels, 1, &b.dbias));
  if (kernel->shared == 0) return parallel(context, kernels->batch_norm_backward, channels, &b);
  return shared_norm_grad(kernel, context, b);
}

static int64_t gelu_blocks(int64_t size) { return (size + GELU_BLOCK - 1) / GELU_BLOCK; }

/** x → y */
static OrtStatus *gelu(const Kernel *kernel, OrtKernelContext *context) {
  (void)kernel;
  Input in;
  TRY(read_inputs(context, 1, &in));
  Gelu g = {.x = in.data, .size = in.size};
  TRY(make_output(context, 0, in.shape, in.rank, &g.y));
  return parallel(context, kernels->gelu_forward, gelu_blocks(in.size), &g);
}

/** (dy, x) → dx */
static OrtStatus *gelu_grad(const Kernel *kernel, OrtKernelContext *context) {
  (void)kernel;
  Input in[2];
  TRY(read_inputs(context, 2, in));
  REQUIRE(in[0].size == in[1].size);
  Gelu g = {.dy = in[0].data, .x = in[1].data, .size = in[1].size};
  TRY(make_output(context, 0, in[1].shape, in[1].rank, &g.y));
  return parallel(context, kernels->gelu_backward, gelu_blocks(in[1].size), &g);
}

/** Any tensors → the result of the program */
static OrtStatus *elementwise(const Kernel *kernel, OrtKernelContext *context) {
  const Elementwise *e = kernel->program;
  Input in[ELEMENTWISE_TENSORS];
  TRY(read_inputs(context, (size_t)e->tensors, in));
  ElementwiseCall call = {.program = e};
  for (int i = 0; i < e->tensors; i++) {
    REQUIRE(in[i].size >= values_needed(e, i));
    call.tensors[i] = in[i].data;
  }
  int64_t shape[4] = {e->images, e->channels, e->height, e->width};
  if (e->window_h > 0) shape[2] /= e->window_h, shape[3] /= e->window_w;
  TRY(make_output(context, 0, shape, 4, &call.out));
  int64_t planes = e->images * e->planes;
  return parallel(context, kernels->elementwise, (planes + e->planes_per_task - 1) / e->planes_per_task, &call);
}

/** The geometry of a depthwise convolution of `x` with `weight`, checked. */
static OrtStatus *depthwise_of(const Kernel *kernel, const Input *x, const Input *weight, Depthwise *d) {
  REQUIRE(x->rank == 4 && weight->rank == 4 && x->size > 0);
  *d = (Depthwise){
      .x = x->data,
      .weight = weight->data,
      .images = x->shape[0],
      .channels = x->shape[1],
      .height = x->shape[2],
      .width = x->shape[3],
      .out_h = kernel->size[0],
      .out_w = kernel->size[1],
      .kernel_h = weight->shape[2],
      .kernel_w = weight->shape[3],
      .stride_h = kernel->strides[0],
      .stride_w = kernel->strides[1],
      .top = kernel->pads[0],
      .left = kernel->pads[1],
  };
  REQUIRE(weight->shape[0] == d->channels && weight->shape[1] == 1);
  REQUIRE(d->kernel_h > 0 && d->kernel_w > 0 && d->kernel_h * d->kernel_w <= MOST_TAPS);
  REQUIRE(d->stride_h > 0 && d->stride_w > 0 && d->out_h > 0 && d->out_w > 0);
  REQUIRE(d->top >= 0 && d->top < d->kernel_h && d->left >= 0 && d->left < d->kernel_w);
  return NULL;
}

static OrtStatus *make_result(OrtKernelContext *context, size_t index, const Depthwise *d, float **out) {
  int64_t shape[4] = {d->images, d->channels, d->out_h, d->out_w};
  return make_output(context, index, shape, 4, out);
}

/** The bias of a convolution, where the node has one at `index`. */
static OrtStatus *bias_of(const Input *in, size_t inputs, size_t index, Depthwise *d) {
  if (inputs <= index) return NULL;
  REQUIRE(in[index].size == d->channels);
  d->bias = in[index].data;
  return NULL;
}

static int64_t values_of(const Depthwise *d) { return d->images * d->channels * d->out_h * d->out_w; }

/** (x, weight, bias if any) → y; or with GELU → GELU of y, and y if a second output is wanted */
static OrtStatus *depthwise(const Kernel *kernel, OrtKernelContext *context) {
  Input in[3];
  size_t inputs, outputs;
  Depthwise d;
  TRY(ort->KernelContext_GetInputCount(context, &inputs));
  TRY(ort->KernelContext_GetOutputCount(context, &outputs));
  REQUIRE(inputs == 2 || inputs == 3);
  TRY(read_inputs(context, inputs, in));
  TRY(depthwise_of(kernel, in, in + 1, &d));
  TRY(bias_of(in, inputs, 2, &d));
  TRY(make_result(context, 0, &d, kernel->gelu ? &d.activated : &d.y));
  if (kernel->gelu && outputs > 1) TRY(make_result(context, 1, &d, &d.y));
  return parallel(context, kernels->depthwise_forward, d.images * d.channels, &d);
}

/** What (x, weight, scale, bias of the norm, …) say of a convolution with a norm. */
static OrtStatus *depthwise_norm_of(const Kernel *kernel, OrtKernelContext *context, const Input *in, DepthwiseNorm *d) {
  *d = (DepthwiseNorm){0};
  TRY(depthwise_of(kernel, in, in + 1, &d->convolution));
  int64_t channels = d->convolution.channels;
  REQUIRE(in[2].size == channels && in[3].size == channels);
  d->forward = (BatchNormForward){
      .scale = in[2].data,
      .bias = in[3].data,
      .images = d->convolution.images,
      .channels = channels,
      .plane = d->convolution.out_h * d->convolution.out_w,
      .epsilon = kernel->epsilon,
      .relu = kernel->relu != 0,
  };
  return make_result(context, 0, &d->convolution, &d->forward.y);
}

/** (x, weight, scale, bias of the norm) → (the norm of y, mean, variance), and y if a fourth output is wanted */
static OrtStatus *depthwise_norm(const Kernel *kernel, OrtKernelContext *context) {
  Input in[4];
  size_t outputs;
  DepthwiseNorm d;
  TRY(ort->KernelContext_GetOutputCount(context, &outputs));
  TRY(read_inputs(context, 4, in));
  TRY(depthwise_norm_of(kernel, context, in, &d));
  int64_t channels = d.convolution.channels;
  TRY(make_output(context, 1, &channels, 1, &d.forward.mean));
  TRY(make_output(context, 2, &channels, 1, &d.forward.variance));
  if (outputs > 3) TRY(make_result(context, 3, &d.convolution, &d.convolution.y));
  return parallel(context, kernels->depthwise_norm_forward, channels, &d);
}

/** (x, weight, scale, bias, mean, variance of the norm) → the norm of y */
static OrtStatus *depthwise_norm_again(const Kernel *kernel, OrtKernelContext *context) {
  Input in[6];
  DepthwiseNorm d;
  TRY(read_inputs(context, 6, in));
  TRY(depthwise_norm_of(kernel, context, in, &d));
  int64_t channels = d.convolution.channels;
  REQUIRE(in[4].size == channels && in[5].size == channels);
  // Only read by this kernel.
  d.forward.mean = (float *)in[4].data;
  d.forward.variance = (float *)in[5].data;
  return parallel(context, kernels->depthwise_norm_again, channels, &d);
}

/** (dy, x, weight, bias if GELU needs it) → (dx, dweight, dbias, and Σ dx of channels if wanted); with GELU, dy is that of it */
static OrtStatus *depthwise_grad(const Kernel *kernel, OrtKernelContext *context) {
  Input in[4];
  size_t inputs, outputs;
  Depthwise d;
  TRY(ort->KernelContext_GetInputCount(context, &inputs));
  TRY(ort->KernelContext_GetOutputCount(context, &outputs));
  REQUIRE(inputs == 3 || inputs == 4);
  TRY(read_inputs(context, inputs, in));
  TRY(depthwise_of(kernel, in + 1, in + 2, &d));
  REQUIRE(in[0].size == values_of(&d));
  d.dy = in[0].data;
  d.gelu = kernel->gelu != 0;
  TRY(bias_of(in, inputs, 3, &d));
  TRY(make_output(context, 0, in[1].shape, 4, &d.dx));
  TRY(make_output(context, 1, in[2].shape, 4, &d.dweight));
  TRY(make_output(context, 2, &d.channels, 1, &d.dbias));
  if (outputs > 3) TRY(make_output(context, 3, &d.channels, 1, &d.dx_sum));
  return parallel(context, kernels->depthwise_backward, d.channels, &d);
}

/** (dy, x, weight, scale, bias, mean, variance) → (dx, dweight, dscale, dbias), the last two of the norm */
static OrtStatus *depthwise_norm_grad(const Kernel *kernel, OrtKernelContext *context) {
  Input in[7];
  DepthwiseNorm d = {0};
  TRY(read_inputs(context, 7, in));
  TRY(depthwise_of(kernel, in + 1, in + 2, &d.convolution));
  int64_t channels = d.convolution.channels;
  REQUIRE(in[0].size == values_of(&d.convolution));
  REQUIRE(in[3].size == channels && in[4].size == channels && in[5].size == channels && in[6].size == channels);
  d.backward = (BatchNormBackward){
      .dy = in[0].data,
      .scale = in[3].data,
      .bias = in[4].data,
      .mean = in[5].data,
      .variance = in[6].data,
      .images = d.convolution.images,
      .channels = channels,
      .plane = d.convolution.out_h * d.convolution.out_w,
      .epsilon = kernel->epsilon,
      .relu = kernel->relu != 0,
  };
  TRY(make_output(context, 0, in[1].shape, 4, &d.convolution.dx));
  TRY(make_output(context, 1, in[2].shape, 4, &d.convolution.dweight));
  TRY(make_output(context, 2, &channels, 1, &d.backward.dscale));
  TRY(make_output(context, 3, &channels, 1, &d.backward.dbias));
  return parallel(context, kernels->depthwise_norm_backward, channels, &d);
}

/** (x, dy) → dweight */
static OrtStatus *dense_weight_grad(const Kernel *kernel, OrtKernelContext *context) {
  Input in[2];
  TRY(read_inputs(context, 2, in));
  REQUIRE(in[0].rank == 4 && in[1].rank == 4 && in[0].size > 0 && in[1].size > 0);
  REQUIRE(in[0].shape[0] == in[1].shape[0]);
  REQUIRE(kernel->strides[0] == kernel->strides[1] && (kernel->strides[0] == 1 || kernel->strides[0] == 2));
  REQUIRE(kernel->pads[0] >= 0 && kernel->pads[0] < 3 && kernel->pads[1] >= 0 && kernel->pads[1] < 3);
  Dense d = {
      .x = in[0].data,
      .dy = in[1].data,
      .images = in[0].shape[0],
      .inputs = in[0].shape[1],
      .outputs = in[1].shape[1],
      .height = in[0].shape[2],
      .width = in[0].shape[3],
      .out_h = in[1].shape[2],
      .out_w = in[1].shape[3],
      .stride = kernel->strides[0],
      .top = kernel->pads[0],
      .left = kernel->pads[1],
  };
  int64_t shape[4] = {d.outputs, d.inputs, 3, 3};
  TRY(make_output(context, 0, shape, 4, &d.dweight));
  int64_t tasks = dense_blocks(&d);
  return parallel(context, kernels->dense_weight_gradient, tasks, &d);
}

/** (x, labels, weights of the classes) → (loss, dx) */
static OrtStatus *resized_cross_entropy(const Kernel *kernel, OrtKernelContext *context) {
  Input in[3];
  TRY(read_inputs(context, 3, in));
  REQUIRE(in[0].rank == 4 && in[0].size > 0);
  ResizedLoss d = {
      .x = in[0].data,
      .labels = in[1].data,
      .weights = in[2].data,
      .images = in[0].shape[0],
      .classes = in[0].shape[1],
      .height = in[0].shape[2],
      .width = in[0].shape[3],
      .up_h = kernel->size[0] / in[0].shape[2],
      .up_w = kernel->size[1] / in[0].shape[3],
      .bands = loss_bands(in[0].shape[2]),
  };
  REQUIRE(d.up_h > 0 && d.up_h * d.height == kernel->size[0] && d.up_w > 0 && d.up_w * d.width == kernel->size[1]);
  REQUIRE(in[1].size == d.images * kernel->size[0] * kernel->size[1] && in[2].size == d.classes);
  float *loss;
  TRY(make_output(context, 0, NULL, 0, &loss));
  TRY(make_output(context, 1, in[0].shape, 4, &d.dx));
  size_t tasks = (size_t)(d.images * d.bands);
  d.losses = malloc(tasks * sizeof(double));
  d.shared = malloc(tasks * (size_t)(d.classes * d.width) * sizeof(float));
  OrtStatus *status = d.losses && d.shared ? parallel(context, kernels->resized_loss, (int64_t)tasks, &d)
                                           : ort->CreateStatus(ORT_FAIL, "otx operator: out of memory");
  if (!status) *loss = (float)finish_loss(&d);
  free(d.losses);
  free(d.shared);
  return status;
}

static Operator table[] = {
    {.name = "BatchNorm", .compute = batch_norm},
    {.name = "BatchNormAgain", .compute = batch_norm_again},
    {.name = "BatchNormGrad", .compute = batch_norm_grad},
    {.name = "Gelu", .compute = gelu},
    {.name = "GeluGrad", .compute = gelu_grad},
    {.name = "Elementwise", .compute = elementwise},
    {.name = "Depthwise", .compute = depthwise},
    {.name = "DepthwiseNorm", .compute = depthwise_norm},
    {.name = "DepthwiseNormAgain", .compute = depthwise_norm_again},
    {.name = "DepthwiseGrad", .compute = depthwise_grad},
    {.name = "DepthwiseNormGrad", .compute = depthwise_norm_grad},
    {.name = "DenseWeightGrad", .compute = dense_weight_grad},
    {.name = "ResizedCrossEntropy", .compute = resized_cross_entropy},
};

static int64_t int_attribute(const OrtKernelInfo *info, const char *name, int64_t absent) {
  int64_t value;
  OrtStatus *status = ort->KernelInfoGetAttribute_int64(info, name, &value);
  if (!status) return value;
  ort->ReleaseStatus(status);
  return absent;
}

static float float_attribute(const OrtKernelInfo *info, const char *name, float absent) {
  float value;
  OrtStatus *status = ort->KernelInfoGetAttribute_float(info, name, &value);
  if (!status) return value;
  ort->ReleaseStatus(status);
  return absent;
}

/** Two whole numbers; zeros where there are none. */
static void pair_attribute(const OrtKernelInfo *info, const char *name, int64_t out[2]) {
  size_t count = 2;
  OrtStatus *status = ort->KernelInfoGetAttributeArray_int64(info, name, out, &count);
  if (!status && count == 2) return;
  if (status) ort->ReleaseStatus(status);
  out[0] = out[1] = 0;
}

/** The program of an elementwise operator, or null when it is none or makes no sense. */
static Elementwise *program_of(const OrtKernelInfo *info) {
  size_t count = 0, constant_count = ELEMENTWISE_CONSTANTS;
  float constants[ELEMENTWISE_CONSTANTS];
  OrtStatus *status = ort->KernelInfoGetAttributeArray_int64(info, "program", NULL, &count);
  if (status) ort->ReleaseStatus(status);
  int64_t *numbers = count > 0 ? calloc(count, sizeof *numbers) : NULL;
  if (!numbers) return NULL;
  status = ort->KernelInfoGetAttributeArray_int64(info, "program", numbers, &count);
  if (!status) status = ort->KernelInfoGetAttributeArray_float(info, "constants", constants, &constant_count);
  Elementwise *program = NULL;
  if (status)
    ort->ReleaseStatus(status);
  else
    program = read_program(numbers, count, constants, constant_count, float_attribute(info, "scale", 1));
  free(numbers);
  return program;
}

static OrtStatus *create_kernel(const OrtCustomOp *op, const OrtApi *api, const OrtKernelInfo *info, void **out) {
  (void)api;
  Kernel *kernel = calloc(1, sizeof *kernel);
  if (!kernel) return ort->CreateStatus(ORT_FAIL, "otx operator: out of memory");
  kernel->compute = ((const Operator *)op)->compute;
  kernel->epsilon = float_attribute(info, "epsilon", 0);
  kernel->relu = int_attribute(info, "relu", 0);
  kernel->gelu = int_attribute(info, "gelu", 0);
  kernel->shared = int_attribute(info, "shared", 0);
  pair_attribute(info, "strides", kernel->strides);
  pair_attribute(info, "pads", kernel->pads);
  pair_attribute(info, "size", kernel->size);
  if (kernel->compute == elementwise) {
    kernel->program = program_of(info);
    if (!kernel->program)
      return free(kernel), ort->CreateStatus(ORT_INVALID_ARGUMENT, "otx operator: its program makes no sense");
  }
  *out = kernel;
  return NULL;
}

static OrtStatus *compute(void *kernel, OrtKernelContext *context) {
  return ((const Kernel *)kernel)->compute(kernel, context);
}

static void destroy(void *kernel) {
  free_program(((Kernel *)kernel)->program);
  free(kernel);
}
static const char *name_of(const OrtCustomOp *op) { return ((const Operator *)op)->name; }
static const char *provider_of(const OrtCustomOp *op) { return (void)op, NULL; }
static size_t one(const OrtCustomOp *op) { return (void)op, 1; }
static int yes(const OrtCustomOp *op) { return (void)op, 1; }
static int type_of(const OrtCustomOp *op, size_t index) { return (void)op, (void)index, ORT_FLOAT; }
static int variadic(const OrtCustomOp *op, size_t index) { return (void)op, (void)index, ORT_VARIADIC; }
static int memory_of(const OrtCustomOp *op, size_t index) { return (void)op, (void)index, ORT_MEMORY_DEFAULT; }

OrtStatus *create_domain(OrtCustomOpDomain **out) {
  TRY(ort->CreateCustomOpDomain("otx", out));
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    table[i].base = (OrtCustomOp){
        .version = ORT_API_VERSION,
        .GetName = name_of,
        .GetExecutionProviderType = provider_of,
        .GetInputType = type_of,
        .GetInputTypeCount = one,
        .GetOutputType = type_of,
        .GetOutputTypeCount = one,
        .KernelDestroy = destroy,
        .GetInputCharacteristic = variadic,
        .GetOutputCharacteristic = variadic,
        .GetInputMemoryType = memory_of,
        .GetVariadicInputMinArity = yes,
        .GetVariadicInputHomogeneity = yes,
        .GetVariadicOutputMinArity = yes,
        .GetVariadicOutputHomogeneity = yes,
        .CreateKernelV2 = create_kernel,
        .KernelComputeV2 = compute,
        .GetStartVersion = yes,
        .GetEndVersion = yes,
    };
    TRY(ort->CustomOpDomain_Add(*out, &table[i].base));
  }
  return NULL;
}
