/**
 * Every kernel of every width of vectors against loops in double precision: random shapes with odd sizes, tails, strides and
 * few or many channels. Arrays have exactly the size that they should, so that the sanitizers see what reads or writes beyond.
 *
 * Prints what deviates by too much, relative to the largest value or 1; the exit code says whether anything did.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../heap.h"
#include "../program.h"

static uint64_t state = 88172645463325252ull;
static uint64_t random_bits(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
static int64_t between(int64_t least, int64_t most) { return least + (int64_t)(random_bits() % (uint64_t)(most - least + 1)); }
static double uniform(void) { return (double)(random_bits() >> 11) / (double)(1ull << 53) * 2 - 1; }

static float *numbers(int64_t size, double offset) {
  float *values = malloc((size_t)size * sizeof *values);
  for (int64_t i = 0; i < size; i++) values[i] = (float)(uniform() + offset);
  return values;
}
static float *space(int64_t size) {
  float *values = malloc((size_t)size * sizeof *values);
  for (int64_t i = 0; i < size; i++) values[i] = NAN;
  return values;
}
static double *doubles(int64_t size) { return calloc((size_t)size, sizeof(double)); }

static void run(Task *task, int64_t total, void *arguments) {
  // Backwards: the order of tasks must not matter.
  for (int64_t i = total - 1; i >= 0; i--) task(arguments, (size_t)i);
}

static int bad;
static void compare(const char *what, const Kernels *k, const float *actual, const double *expected, int64_t size,
                    double most) {
  double scale = 1, worst = 0;
  for (int64_t i = 0; i < size; i++) scale = fmax(scale, fabs(expected[i]));
  for (int64_t i = 0; i < size; i++) {
    double deviation = fabs(actual[i] - expected[i]) / scale;
    if (!(deviation <= worst)) worst = deviation;
  }
  if (worst <= most) return;
  bad = 1;
  printf("%s, %s: %g off\n", k->name, what, worst);
}

static void same(const char *what, const Kernels *k, const float *actual, const float *expected, int64_t size) {
  if (memcmp(actual, expected, (size_t)size * sizeof *actual) == 0) return;
  bad = 1;
  printf("%s, %s: other bits\n", k->name, what);
}

typedef struct {
  int64_t images, channels, plane;
  float *x, *dy, *scale, *bias;
  double *y, *mean, *variance, *dx, *dscale, *dbias;
} Norm;

/** The norm of x in double precision; the mask of the ReLU is that of `masked`, whose rounding may be another one. */
static void reference_norm(Norm *b, double epsilon, int relu, const float *masked) {
  double count = (double)(b->images * b->plane);
  for (int64_t c = 0; c < b->channels; c++) {
    double mean = 0, variance = 0, sum = 0, product = 0;
#define EACH(i)                                \
  for (int64_t n = 0; n < b->images; n++)      \
    for (int64_t i = (n * b->channels + c) * b->plane, end_ = i + b->plane; i < end_; i++)
    EACH(i) mean += b->x[i] / count;
    EACH(i) variance += (b->x[i] - mean) * (b->x[i] - mean) / count;
    double inverse = 1 / sqrt(variance + epsilon), g = b->scale[c] * inverse;
    EACH(i) {
      double y = (b->x[i] - mean) * g + b->bias[c], e = !relu || masked[i] > 0 ? b->dy[i] : 0;
      b->y[i] = relu && y < 0 ? 0 : y;
      sum += e;
      product += e * (b->x[i] - mean) * inverse;
    }
    b->mean[c] = mean;
    b->variance[c] = variance;
    b->dbias[c] = sum;
    b->dscale[c] = product;
    EACH(i) {
      double e = !relu || masked[i] > 0 ? b->dy[i] : 0;
      b->dx[i] = g * (e - sum / count - (b->x[i] - mean) * inverse * product / count);
    }
#undef EACH
  }
}

static void test_norm(const Kernels *k) {
  Norm b = {.images = between(1, 3), .channels = between(1, 5), .plane = between(0, 1) ? between(8, 90) : between(4000, 9000)};
  int64_t size = b.images * b.channels * b.plane;
  double offset = between(0, 1) ? 100 : 0;
  int relu = (int)between(0, 1);
  b.x = numbers(size, offset), b.dy = numbers(size, 0), b.scale = numbers(b.channels, 1.5), b.bias = numbers(b.channels, 0);
  b.y = doubles(size), b.dx = doubles(size);
  b.mean = doubles(b.channels), b.variance = doubles(b.channels), b.dscale = doubles(b.channels), b.dbias = doubles(b.channels);
  float *y = space(size), *dx = space(size), *mean = space(b.channels), *variance = space(b.channels);
  float *dscale = space(b.channels), *dbias = space(b.channels);
  BatchNormForward f = {b.x, b.scale, b.bias, y, mean, variance, b.images, b.channels, b.plane, 1e-5f, relu};
  run(k->batch_norm_forward, b.channels, &f);
  BatchNormBackward g = {b.dy, b.x, b.scale, b.bias, mean, variance, dx, dscale, dbias, b.images, b.channels, b.plane, 1e-5f, relu, NULL};
  float *other = between(0, 1) ? numbers(size, 0) : NULL;
  g.other = other;
  run(k->batch_norm_backward, b.channels, &g);
  // In two halves, between which several batches may make one of what they have found.
  float *halves = space(size), *means = space(2 * b.channels);
  BatchNormForward again = f;
  again.y = halves, again.mean = means, again.variance = means + b.channels;
  run(k->batch_norm_measure, b.channels, &again);
  run(k->batch_norm_again, b.channels, &again);
  same("norm in halves", k, halves, y, size);
  same("statistics of the norm in halves", k, means, mean, b.channels);
  BatchNormBackward shared = g;
  shared.dx = halves, shared.dscale = means, shared.dbias = means + b.channels;
  shared.shared_dscale = shared.dscale, shared.shared_dbias = shared.dbias;
  run(k->batch_norm_sums, b.channels, &shared);
  run(k->batch_norm_input_gradient, b.channels, &shared);
  same("scale gradient of the norm in halves", k, means, dscale, b.channels);
  reference_norm(&b, 1e-5f, relu, y);
  for (int64_t i = 0; other && i < size; i++) b.dx[i] += other[i];
  compare("input gradient of the norm in halves", k, halves, b.dx, size, offset > 0 ? 2e-5 : 3e-6);
  free(halves), free(means);
  free(other);
  // Of values around 100 float32 has 4e-6, which the norm multiplies with 1/σ.
  double most = offset > 0 ? 2e-5 : 3e-6;
  compare("norm", k, y, b.y, size, most);
  compare("mean of the norm", k, mean, b.mean, b.channels, 1e-6);
  compare("variance of the norm", k, variance, b.variance, b.channels, 1e-5);
  compare("input gradient of the norm", k, dx, b.dx, size, most);
  // The mean is rounded to float32, too.
  compare("scale gradient of the norm", k, dscale, b.dscale, b.channels, offset > 0 ? 1e-3 : 1e-4);
  compare("bias gradient of the norm", k, dbias, b.dbias, b.channels, 1e-4);
  free(b.x), free(b.dy), free(b.scale), free(b.bias), free(b.y), free(b.dx), free(b.mean), free(b.variance);
  free(b.dscale), free(b.dbias), free(y), free(dx), free(mean), free(variance), free(dscale), free(dbias);
}

static double phi(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double gelu_of(double x) { return x * phi(x); }
static double gelu_slope_of(double x) { return phi(x) + x * exp(-x * x / 2) / sqrt(2 * acos(-1)); }

static void test_gelu(const Kernels *k) {
  int64_t size = between(0, 1) ? between(1, 70) : between(GELU_BLOCK - 3, 2 * GELU_BLOCK + 50);
  float *x = numbers(size, 0), *dy = numbers(size, 0), *y = space(size), *dx = space(size);
  double *wanted = doubles(size), *slope = doubles(size);
  for (int64_t i = 0; i < size; i++) {
    x[i] *= 8;
    wanted[i] = gelu_of(x[i]);
    slope[i] = dy[i] * gelu_slope_of(x[i]);
  }
  int64_t blocks = (size + GELU_BLOCK - 1) / GELU_BLOCK;
  Gelu forward = {.x = x, .y = y, .size = size}, backward = {.dy = dy, .x = x, .y = dx, .size = size};
  run(k->gelu_forward, blocks, &forward);
  run(k->gelu_backward, blocks, &backward);
  compare("GELU", k, y, wanted, size, 2e-6);
  compare("gradient of GELU", k, dx, slope, size, 2e-6);
  free(x), free(dy), free(y), free(dx), free(wanted), free(slope);
}

/** y, and for a gradient of y those of x, weight and bias. */
static void reference_depthwise(const Depthwise *d, const double *dy, double *y, double *dx, double *dweight, double *dbias) {
  for (int64_t p = 0; p < d->images * d->channels; p++)
    for (int64_t h = 0; h < d->out_h; h++)
      for (int64_t w = 0; w < d->out_w; w++) {
        int64_t c = p % d->channels, at = (p * d->out_h + h) * d->out_w + w;
        double sum = d->bias ? d->bias[c] : 0;
        for (int64_t i = 0; i < d->kernel_h; i++)
          for (int64_t j = 0; j < d->kernel_w; j++) {
            int64_t r = h * d->stride_h + i - d->top, q = w * d->stride_w + j - d->left;
            if (r < 0 || r >= d->height || q < 0 || q >= d->width) continue;
            int64_t from = (p * d->height + r) * d->width + q, tap = (c * d->kernel_h + i) * d->kernel_w + j;
            sum += (double)d->weight[tap] * d->x[from];
            if (!dx) continue;
            dx[from] += d->weight[tap] * dy[at];
            dweight[tap] += d->x[from] * dy[at];
          }
        y[at] = sum;
        if (dbias) dbias[c] += dy[at];
      }
}

static void test_depthwise(const Kernels *k) {
  static const int filters[][3] = {{3, 3, 1}, {3, 3, 2}, {5, 5, 1}, {1, 7, 1}, {7, 1, 1},  {1, 11, 1},
                                   {11, 1, 1}, {1, 21, 1}, {21, 1, 1}, {3, 5, 1}, {5, 3, 3}, {2, 2, 2}, {1, 1, 1}, {7, 7, 2}};
  const int *filter = filters[between(0, sizeof filters / sizeof *filters - 1)];
  Depthwise d = {.images = between(1, 2), .channels = between(1, 3), .height = between(1, 40), .width = between(1, 70),
                 .kernel_h = filter[0], .kernel_w = filter[1], .stride_h = filter[2], .stride_w = filter[2],
                 .top = (filter[0] - 1) / 2, .left = (filter[1] - 1) / 2};
  d.out_h = (d.height + 2 * d.top - d.kernel_h) / d.stride_h + 1;
  d.out_w = (d.width + 2 * d.left - d.kernel_w) / d.stride_w + 1;
  if (d.height + 2 * d.top < d.kernel_h || d.width + 2 * d.left < d.kernel_w) return;
  int64_t planes = d.images * d.channels, in = planes * d.height * d.width, out = planes * d.out_h * d.out_w;
  int64_t taps = d.channels * d.kernel_h * d.kernel_w;
  int mode = (int)between(0, 2);
  float *x = numbers(in, 0), *weight = numbers(taps, 0), *bias = numbers(d.channels, 0), *dy = numbers(out, 0);
  float *y = space(out), *active = space(out), *dx = space(in), *dweight = space(taps), *dbias = space(d.channels), *dx_sum = space(d.channels);
  double *wy = doubles(out), *wa = doubles(out), *wdy = doubles(out), *wdx = doubles(in), *wdw = doubles(taps), *wdb = doubles(d.channels);
  d.x = x, d.weight = weight, d.y = y, d.dy = dy, d.dx = dx, d.dweight = dweight;
  if (mode < 2) {
    d.bias = bias, d.dbias = dbias, d.dx_sum = dx_sum;
    if (mode == 1) d.activated = active, d.gelu = 1;
    run(k->depthwise_forward, planes, &d);
    if (mode == 1 && between(0, 1)) {
      // Nobody wants what goes into GELU: the same values come of it.
      float *alone = space(out);
      Depthwise without = d;
      without.y = NULL, without.activated = alone;
      run(k->depthwise_forward, planes, &without);
      same("GELU of depthwise alone", k, alone, active, out);
      free(alone);
    }
    run(k->depthwise_backward, d.channels, &d);
    reference_depthwise(&d, wdy, wy, NULL, NULL, NULL);
    for (int64_t i = 0; i < out; i++) {
      wa[i] = gelu_of(wy[i]);
      wdy[i] = mode == 1 ? dy[i] * gelu_slope_of(wy[i]) : dy[i];
    }
    if (mode == 1) compare("GELU of depthwise", k, active, wa, out, 3e-6);
    reference_depthwise(&d, wdy, wy, wdx, wdw, wdb);
    compare("bias gradient of depthwise", k, dbias, wdb, d.channels, 2e-4);
    double *total = doubles(d.channels);
    for (int64_t i = 0; i < in; i++) total[i / (d.height * d.width) % d.channels] += wdx[i];
    compare("sums of the input gradient of depthwise", k, dx_sum, total, d.channels, 2e-4);
    free(total);
  } else {
    Norm b = {.images = d.images, .channels = d.channels, .plane = d.out_h * d.out_w, .dy = dy,
              .scale = numbers(d.channels, 1.5), .bias = numbers(d.channels, 0), .x = y};
    float *normed = space(out), *mean = space(d.channels), *variance = space(d.channels), *dscale = space(d.channels), *dshift = space(d.channels);
    DepthwiseNorm n = {.convolution = d};
    n.forward = (BatchNormForward){NULL, b.scale, b.bias, normed, mean, variance, b.images, b.channels, b.plane, 1e-2f, 1};
    n.backward = (BatchNormBackward){dy, NULL, b.scale, b.bias, mean, variance, NULL, dscale, dshift, b.images, b.channels, b.plane, 1e-2f, 1};
    run(k->depthwise_norm_forward, d.channels, &n);
    // Nobody wants what goes into the norm: the same values come of it, also once more.
    float *alone = space(out);
    n.convolution.y = NULL;
    n.forward.y = alone;
    run(k->depthwise_norm_forward, d.channels, &n);
    same("norm of depthwise alone", k, alone, normed, out);
    for (int64_t i = 0; i < out; i++) alone[i] = NAN;
    run(k->depthwise_norm_again, d.channels, &n);
    same("norm of depthwise again", k, alone, normed, out);
    free(alone);
    run(k->depthwise_norm_backward, d.channels, &n);
    b.y = doubles(out), b.dx = wdy;
    b.mean = doubles(d.channels), b.variance = doubles(d.channels), b.dscale = doubles(d.channels), b.dbias = doubles(d.channels);
    reference_norm(&b, 1e-2f, 1, normed);
    reference_depthwise(&d, wdy, wy, wdx, wdw, NULL);
    compare("norm of depthwise", k, normed, b.y, out, 2e-5);
    compare("scale gradient behind depthwise", k, dscale, b.dscale, d.channels, 2e-4);
    compare("shift gradient behind depthwise", k, dshift, b.dbias, d.channels, 2e-4);
    free(b.scale), free(b.bias), free(b.y), free(b.mean), free(b.variance), free(b.dscale), free(b.dbias);
    free(normed), free(mean), free(variance), free(dscale), free(dshift);
  }
  compare("depthwise", k, y, wy, out, 2e-6);
  compare("input gradient of depthwise", k, dx, wdx, in, 1e-5);
  compare("weight gradient of depthwise", k, dweight, wdw, taps, 2e-4);
  free(x), free(weight), free(bias), free(dy), free(y), free(active), free(dx), free(dweight), free(dbias), free(dx_sum);
  free(wy), free(wa), free(wdy), free(wdx), free(wdw), free(wdb);
}

static void test_dense(const Kernels *k) {
  int stride = (int)between(1, 2);
  Dense d = {.images = between(1, 3), .inputs = between(0, 1) ? between(1, 5) : between(16, 22), .outputs = between(1, 9),
             .height = between(3, 30), .width = between(3, 80), .stride = stride, .top = between(0, 2), .left = between(0, 2)};
  if (between(0, 4) == 0) d.outputs = 66;
  // What the end of the input leaves without a place, and what lies beyond it, are both in order.
  d.out_h = (d.height + d.top + between(0, 2) - 3) / stride + 1;
  d.out_w = (d.width + d.left + between(0, 2) - 3) / stride + 1;
  int64_t in = d.images * d.inputs * d.height * d.width, out = d.images * d.outputs * d.out_h * d.out_w;
  int64_t taps = d.outputs * d.inputs * 9;
  float *x = numbers(in, 0), *dy = numbers(out, 0), *dweight = space(taps);
  double *wanted = doubles(taps);
  d.x = x, d.dy = dy, d.dweight = dweight;
  int64_t tasks = dense_blocks(&d);
  run(k->dense_weight_gradient, tasks, &d);
  for (int64_t n = 0; n < d.images; n++)
    for (int64_t o = 0; o < d.outputs; o++)
      for (int64_t c = 0; c < d.inputs; c++)
        for (int64_t h = 0; h < d.out_h; h++)
          for (int64_t w = 0; w < d.out_w; w++)
            for (int64_t t = 0; t < 9; t++) {
              int64_t r = h * stride + t / 3 - d.top, q = w * stride + t % 3 - d.left;
              if (r < 0 || r >= d.height || q < 0 || q >= d.width) continue;
              wanted[(o * d.inputs + c) * 9 + t] += (double)dy[((n * d.outputs + o) * d.out_h + h) * d.out_w + w] *
                                                    x[((n * d.inputs + c) * d.height + r) * d.width + q];
            }
  compare("filter gradient of a dense convolution", k, dweight, wanted, taps, 2e-6);
  free(x), free(dy), free(dweight), free(wanted);
}

static void test_loss(const Kernels *k) {
  ResizedLoss d = {.images = between(1, 2), .classes = between(1, 7), .height = between(1, 20), .width = between(1, 40),
                   .up_h = between(1, 5), .up_w = between(1, 5)};
  int64_t in = d.images * d.classes * d.height * d.width, up = d.up_h * d.up_w, pixels = d.images * d.height * d.width * up;
  d.bands = loss_bands(d.height);
  int64_t tasks = d.images * d.bands, high = d.height * d.up_h, wide = d.width * d.up_w;
  float *x = numbers(in, 0), *labels = space(pixels), *weights = numbers(d.classes, 1.5), *dx = space(in), loss;
  double *losses = doubles(tasks), *wanted = doubles(in), *z = doubles(d.classes), *g = doubles(d.classes), total = 0;
  for (int64_t i = 0; i < in; i++) x[i] *= 6;
  for (int64_t i = 0; i < pixels; i++) labels[i] = between(0, 5) ? (float)between(0, d.classes - 1) : between(0, 1) ? 255 : -1;
  d.x = x, d.labels = labels, d.weights = weights, d.dx = dx, d.losses = losses;
  d.shared = space(tasks * d.classes * d.width);
  run(k->resized_loss, tasks, &d);
  loss = (float)finish_loss(&d);
  for (int64_t i = 0; i < pixels; i++) {
    int64_t n = i / high / wide, label = (int64_t)labels[i];
    double h = fmax((double)(i / wide % high) / (double)d.up_h + 0.5 / (double)d.up_h - 0.5, 0);
    double w = fmax((double)(i % wide) / (double)d.up_w + 0.5 / (double)d.up_w - 0.5, 0), sum = 0;
    // The four values of x around a pixel, and their shares.
    int64_t places[4];
    double shares[4];
    for (int c = 0; c < 4; c++) {
      int64_t r = (int64_t)h + c / 2, q = (int64_t)w + c % 2;
      shares[c] = (c / 2 ? h - floor(h) : 1 - h + floor(h)) * (c % 2 ? w - floor(w) : 1 - w + floor(w));
      places[c] = (r < d.height ? r : d.height - 1) * d.width + (q < d.width ? q : d.width - 1);
    }
    for (int64_t j = 0; j < d.classes; j++) {
      z[j] = 0;
      for (int c = 0; c < 4; c++) z[j] += shares[c] * x[(n * d.classes + j) * d.height * d.width + places[c]];
      sum += exp(z[j]);
    }
    if (label < 0 || label >= d.classes) continue;
    total += weights[label] * (log(sum) - z[label]) / (double)pixels;
    for (int64_t j = 0; j < d.classes; j++) {
      g[j] = weights[label] * (exp(z[j]) / sum - (j == label)) / (double)pixels;
      for (int c = 0; c < 4; c++) wanted[(n * d.classes + j) * d.height * d.width + places[c]] += shares[c] * g[j];
    }
  }
  compare("loss", k, &loss, &total, 1, 1e-6);
  // Of the size of 1 / pixels each.
  for (int64_t i = 0; i < in; i++) dx[i] *= (float)pixels, wanted[i] *= (double)pixels;
  compare("gradient of the loss", k, dx, wanted, in, 3e-6);
  free(x), free(labels), free(weights), free(dx), free(losses), free(wanted), free(z), free(g), free(d.shared);
}

/** Two programs for interleaved channels, over views of all kinds; whole, pooled or summed. */
static void test_elementwise(const Kernels *k) {
  int64_t up = between(1, 5), images = between(1, 3), half = between(1, 4), height = up * between(1, 9), width = up * between(1, 30);
  int64_t mode = between(0, 2), size = height * width, window_h = mode == 1 ? up : mode == 2 ? height : 0;
  int64_t window_w = mode == 1 ? up : mode == 2 ? width : 0, low = size / up / up, channels = 2 * half;
  float *a = numbers(images * channels * size, 0), *gate = numbers(images * channels, 0);
  float *b = numbers(images * half * low, 0), *c = numbers(size, 0);
  static const float constants[] = {2, 0.5f};
  int64_t program[] = {images, channels, height, width, window_h, window_w, 4, 4, 2,
                       // Views: odd channels of a, a gate, a smaller map, one plane for all.
                       0, VIEW_PLANE, channels, 1, 2, 1, 1, 1, VIEW_VALUE, channels, 0, 1, 1, 1,
                       2, VIEW_UPSAMPLED, half, 0, 1, up, up, 3, VIEW_PLANE, 0, 0, 0, 1, 1,
                       // relu(a·gate − b)·σ(c)
                       half, 0, 2, 9, ELEMENTWISE_LOAD, 0, ELEMENTWISE_LOAD, 1, ELEMENTWISE_MUL, 0, ELEMENTWISE_LOAD, 2,
                       ELEMENTWISE_SUB, 0, ELEMENTWISE_RELU, 0, ELEMENTWISE_LOAD, 3, ELEMENTWISE_SIGMOID, 0,
                       ELEMENTWISE_MUL, 0,
                       // (−(b / 2) > 0) + 0.5
                       half, 1, 2, 7, ELEMENTWISE_LOAD, 2, ELEMENTWISE_CONST, 0, ELEMENTWISE_DIV, 0, ELEMENTWISE_NEG, 0,
                       ELEMENTWISE_POSITIVE, 0, ELEMENTWISE_CONST, 1, ELEMENTWISE_ADD, 0};
  double scale = mode == 1 ? 1.0 / (double)(up * up) : 1;
  Elementwise *e = read_program(program, sizeof program / sizeof *program, constants, 2, (float)scale);
  int64_t out_size = mode == 0 ? size : mode == 1 ? low : 1, total = images * channels * out_size;
  float *out = space(total);
  double *wanted = doubles(total);
  if (!e) {
    printf("a program is refused\n");
    bad = 1;
  } else {
    ElementwiseCall call = {.program = e, .tensors = {a, gate, b, c}, .out = out};
    run(k->elementwise, (images * e->planes + e->planes_per_task - 1) / e->planes_per_task, &call);
    for (int64_t n = 0; n < images; n++)
      for (int64_t q = 0; q < channels; q++)
        for (int64_t i = 0; i < size; i++) {
          int64_t p = q / 2, h = i / width, w = i % width;
          double low_value = b[((n * half + p) * (height / up) + h / up) * (width / up) + w / up], value;
          if (q % 2 == 0) {
            value = (double)a[(n * channels + 1 + 2 * p) * size + i] * gate[n * channels + p] - low_value;
            value = (value < 0 ? 0 : value) / (1 + exp(-(double)c[i]));
          } else {
            value = (-(low_value / 2) > 0 ? 1 : 0) + 0.5;
          }
          int64_t window = mode == 0 ? i : mode == 1 ? h / up * (width / up) + w / up : 0;
          wanted[(n * channels + q) * out_size + window] += value * scale;
        }
    compare("elementwise", k, out, wanted, total, 1e-5);
  }
  free_program(e);
  free(a), free(gate), free(b), free(c), free(out), free(wanted);
}

/** Programs that would leave their stack or tables are refused. */
static void test_refusals(void) {
  int64_t good[] = {1, 2, 3, 4, 0, 0, 1, 1, 1, 0, VIEW_PLANE, 2, 0, 1, 1, 1, 2, 0, 1, 1, 0, 0};
  static const struct { int place; int64_t value; } spoilt[] = {
      {0, 0}, {3, TILE + 1}, {4, 1}, {6, 0}, {7, ELEMENTWISE_VIEWS + 1}, {9, 1}, {10, 3}, {11, -1}, {14, 0},
      {16, 3}, {17, 1}, {19, 2}, {20, ELEMENTWISE_ADD}, {20, ELEMENTWISE_CODES}, {20, ELEMENTWISE_CONST}, {21, 1}};
  size_t count = sizeof good / sizeof *good;
  Elementwise *e = read_program(good, count, NULL, 0, 1);
  if (!e || values_needed(e, 0) != 24) bad = 1, printf("a good program is not read\n");
  free_program(e);
  for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
    int64_t program[sizeof good / sizeof *good];
    memcpy(program, good, sizeof good);
    program[spoilt[i].place] = spoilt[i].value;
    Elementwise *wrong = read_program(program, count, NULL, 0, 1);
    if (wrong) bad = 1, printf("a program with %d at %d is not refused\n", (int)spoilt[i].value, spoilt[i].place);
    free_program(wrong);
  }
  for (size_t cut = 0; cut < count; cut++)
    if (read_program(good, cut, NULL, 0, 1)) bad = 1, printf("a program of %d numbers is not refused\n", (int)cut);
}

/** Blocks of a heap stay apart, keep what is in them, and what is given back becomes one. */
static void test_heap(void) {
  enum { BLOCKS = 200 };
  struct { unsigned char *at; size_t bytes; } blocks[BLOCKS] = {{0}};
  Heap *heap = heap_create();
  if (!heap) {
    bad = 1, printf("there is no heap\n");
    return;
  }
  for (int turn = 0; turn < 4000; turn++) {
    int64_t i = between(0, BLOCKS - 1);
    if (blocks[i].at) {
      for (size_t k = 0; k < blocks[i].bytes; k++)
        if (blocks[i].at[k] != i) bad = 1, printf("a block of a heap was overwritten\n"), k = blocks[i].bytes;
      heap_give(heap, blocks[i].at, blocks[i].bytes);
      blocks[i].at = NULL;
    } else {
      blocks[i].bytes = (size_t)between(1, 20000);
      blocks[i].at = heap_take(heap, blocks[i].bytes);
      if ((uintptr_t)blocks[i].at % 64 != 0) bad = 1, printf("a block of a heap is not aligned\n");
      memset(blocks[i].at, (int)i, blocks[i].bytes);
    }
  }
  for (int i = 0; i < BLOCKS; i++)
    if (blocks[i].at) heap_give(heap, blocks[i].at, blocks[i].bytes);
  size_t top = heap_top(heap);
  if (!heap_take(heap, top) || heap_top(heap) != top) bad = 1, printf("what was given back to a heap is in pieces\n");
  if (heap_take(heap, (size_t)1 << 50)) bad = 1, printf("a heap has more than the machine\n");
  heap_destroy(heap);
}

int main(int count, char **arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 100, tried = 0;
  const Kernels *all[3] = {&kernels_4};
  int widths = 1;
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all[widths++] = &kernels_8;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    all[widths++] = &kernels_16;
#endif
  test_refusals();
  test_heap();
  for (int i = 0; i < widths; i++)
    for (int round = 0; round < rounds; round++, tried++) {
      test_norm(all[i]);
      test_gelu(all[i]);
      test_depthwise(all[i]);
      test_dense(all[i]);
      test_loss(all[i]);
      test_elementwise(all[i]);
    }
  printf("%d widths, %d rounds%s\n", widths, tried, bad ? ": not all right" : ": all right");
  return bad;
}
