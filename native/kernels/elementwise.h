/**
 * One operator for chains of elementwise operators over maps, with everything around them that only moves values: splits,
 * slices, concatenations, channel shuffles, nearest-neighbour upsampling and broadcast gates are views, not copies. At its end
 * it may sum windows: pooling, gradients of gates, biases and upsampling.
 *
 * The result has `channels` maps an image, written by pieces: piece p writes channels first + k·step, k = 0 … count − 1, and
 * has a program of its own in postfix order. Operands are views (see View); plane (n, k) of a view is plane
 * n·image + offset + k·channel of its tensor.
 *
 * A plane is worked on in tiles that stay in the first-level cache, each instruction over a whole tile. Every operand is read
 * once and the result written once, whatever the length of the chain: 4 bytes a value and operand.
 * One task is as many planes as make up ELEMENTWISE_TASK values.
 */
#pragma once
#include "kernels.h"
#include "vector.h"

/** An operand on the stack: values of a tile, or one value for all of it. */
typedef struct {
  const float *values;
  float value;
} Operand;

/** to[i] = expression of a = x[i] and b = y[i], where loads of the two are given for whole vectors and for the rest. */
#define OVER_TILE(whole_a, whole_b, some_a, some_b, expression) \
  do {                                                          \
    int64_t i = 0;                                              \
    for (; i + LANES <= size; i += LANES) {                     \
      Vector a = whole_a, b = whole_b;                          \
      store(to + i, expression);                                \
    }                                                           \
    if (i < size) {                                             \
      Vector a = some_a, b = some_b;                            \
      store_some(to + i, expression, size - i);                 \
    }                                                           \
  } while (0)

#define BINARY(name, expression)                                                             \
  static void name(Operand x, Operand y, float *to, int64_t size) {                          \
    Vector u = broadcast(x.value), v = broadcast(y.value);                                   \
    if (x.values && y.values)                                                                \
      OVER_TILE(load(x.values + i), load(y.values + i), load_some(x.values + i, size - i),   \
                load_some(y.values + i, size - i), expression);                              \
    else if (x.values)                                                                       \
      OVER_TILE(load(x.values + i), v, load_some(x.values + i, size - i), v, expression);    \
    else                                                                                     \
      OVER_TILE(u, load(y.values + i), u, load_some(y.values + i, size - i), expression);    \
  }

#define UNARY(name, expression)                                  \
  static void name(Operand x, float *to, int64_t size) {         \
    int64_t i = 0;                                               \
    for (; i + LANES <= size; i += LANES) {                      \
      Vector a = load(x.values + i);                             \
      store(to + i, expression);                                 \
    }                                                            \
    if (i < size) {                                              \
      Vector a = load_some(x.values + i, size - i);              \
      store_some(to + i, expression, size - i);                  \
    }                                                            \
  }

BINARY(tile_add, a + b)
BINARY(tile_sub, a - b)
BINARY(tile_mul, a *b)
BINARY(tile_div, a / b)
UNARY(tile_neg, -a)
UNARY(tile_relu, rectify(a))
UNARY(tile_positive, choose(a > 0, broadcast(1), broadcast(0)))
UNARY(tile_sigmoid, 1.0f / (exponential(-a) + 1.0f))

/** The same for one value: all lanes of a vector have it. */
ALWAYS_INLINE float single_value(int code, float x, float y) {
  Vector a = broadcast(x);
  switch (code) {
    case ELEMENTWISE_ADD: return x + y;
    case ELEMENTWISE_SUB: return x - y;
    case ELEMENTWISE_MUL: return x * y;
    case ELEMENTWISE_DIV: return x / y;
    case ELEMENTWISE_NEG: return -x;
    case ELEMENTWISE_RELU: return rectify(a)[0];
    case ELEMENTWISE_POSITIVE: return x > 0 ? 1 : 0;
    default: return (1.0f / (exponential(-a) + 1.0f))[0];
  }
}

/** Rows `first` … `first + rows − 1` of a plane that is upsampled by whole factors. */
static void upsample(const float *plane, float *to, int64_t first, int64_t rows, int64_t width, int64_t up_h,
                     int64_t up_w) {
  int64_t narrow = width / up_w;
  for (int64_t r = 0; r < rows; r++, to += width) {
    int64_t from = (first + r) / up_h;
    if (r > 0 && from == (first + r - 1) / up_h) {
      memcpy(to, to - width, (size_t)width * sizeof(float));
      continue;
    }
    const float *row = plane + from * narrow;
    if (up_w == 1)
      memcpy(to, row, (size_t)width * sizeof(float));
    else if (up_w == 2)
      for (int64_t i = 0; i < narrow; i++) to[2 * i] = to[2 * i + 1] = row[i];
    else if (up_w % 4 == 0)
      for (int64_t i = 0; i < narrow; i++)
        for (int64_t j = 0; j < up_w; j += 4)
          for (int64_t k = 0; k < 4; k++) to[i * up_w + j + k] = row[i];
    else
      for (int64_t i = 0; i < narrow; i++)
        for (int64_t j = 0; j < up_w; j++) to[i * up_w + j] = row[i];
  }
}

/** A tile of a view. Its values lie in the tensor itself, or are written to `to`. */
ALWAYS_INLINE Operand view_tile(const View *view, const float *tensor, int64_t plane, int64_t first, int64_t rows,
                                int64_t height, int64_t width, float *to) {
  if (view->mode == VIEW_VALUE) return (Operand){NULL, tensor[plane]};
  if (view->mode == VIEW_PLANE) return (Operand){tensor + plane * height * width + first * width, 0};
  const float *source = tensor + plane * (height / view->up_h) * (width / view->up_w);
  upsample(source, to, first, rows, width, view->up_h, view->up_w);
  return (Operand){to, 0};
}

/**
 * Runs the program of a piece over a tile of `rows` rows from row `first` of plane (n, k). The last instruction writes to
 * `result` where that is given; returns where the values are.
 */
static Operand run_program(const ElementwiseCall *call, const Piece *piece, int64_t n, int64_t k, int64_t first,
                           int64_t rows, float (*stack)[TILE], float *result) {
  const Elementwise *e = call->program;
  int64_t size = rows * e->width;
  Operand operands[ELEMENTWISE_DEPTH] = {{NULL, 0}};
  int top = 0;
  for (int at = 0; at < piece->length; at++) {
    int code = piece->code[2 * at], argument = piece->code[2 * at + 1];
    float *last = at == piece->length - 1 ? result : NULL;
    if (code == ELEMENTWISE_LOAD) {
      const View *view = e->views + argument;
      int64_t plane = n * view->image + view->offset + k * view->channel;
      float *to = last ? last : stack[top];
      operands[top++] = view_tile(view, call->tensors[view->tensor], plane, first, rows, e->height, e->width, to);
      continue;
    }
    if (code == ELEMENTWISE_CONST) {
      operands[top++] = (Operand){NULL, e->constants[argument]};
      continue;
    }
    int is_binary = code <= ELEMENTWISE_DIV;
    Operand y = is_binary ? operands[--top] : (Operand){NULL, 0}, x = operands[--top];
    float *to = last ? last : stack[top];
    if (!x.values && !y.values) {
      operands[top++] = (Operand){NULL, single_value(code, x.value, y.value)};
      continue;
    }
    switch (code) {
      case ELEMENTWISE_ADD: tile_add(x, y, to, size); break;
      case ELEMENTWISE_SUB: tile_sub(x, y, to, size); break;
      case ELEMENTWISE_MUL: tile_mul(x, y, to, size); break;
      case ELEMENTWISE_DIV: tile_div(x, y, to, size); break;
      case ELEMENTWISE_NEG: tile_neg(x, to, size); break;
      case ELEMENTWISE_RELU: tile_relu(x, to, size); break;
      case ELEMENTWISE_POSITIVE: tile_positive(x, to, size); break;
      default: tile_sigmoid(x, to, size);
    }
    operands[top++] = (Operand){to, 0};
  }
  return operands[0];
}

/** Adds the values of a tile, whatever its operand is. */
ALWAYS_INLINE double sum_tile(Operand x, int64_t size) {
  if (!x.values) return (double)x.value * (double)size;
  Vector sum0 = {0}, sum1 = {0};
  int64_t i = 0;
  for (; i + 2 * LANES <= size; i += 2 * LANES) {
    sum0 += load(x.values + i);
    sum1 += load(x.values + i + LANES);
  }
  for (; i < size; i += LANES) sum0 += i + LANES <= size ? load(x.values + i) : load_some(x.values + i, size - i);
  return sum_lanes(sum0 + sum1);
}

/** One row of window sums from `columns`, the sums over the rows of the windows. */
ALWAYS_INLINE void sum_columns(const float *columns, float *out, int64_t windows, int64_t width, float scale) {
  if (width == 2)
    for (int64_t i = 0; i < windows; i++) out[i] = (columns[2 * i] + columns[2 * i + 1]) * scale;
  else if (width == 4)
    for (int64_t i = 0; i < windows; i++)
      out[i] = (columns[4 * i] + columns[4 * i + 1] + (columns[4 * i + 2] + columns[4 * i + 3])) * scale;
  else
    for (int64_t i = 0; i < windows; i++) {
      float sum = 0;
      for (int64_t j = 0; j < width; j++) sum += columns[i * width + j];
      out[i] = sum * scale;
    }
}

static void elementwise_plane(const ElementwiseCall *call, const Piece *piece, int64_t n, int64_t k) {
  const Elementwise *e = call->program;
  int64_t width = e->width, height = e->height, window_h = e->window_h, window_w = e->window_w;
  int has_windows = window_h > 0, is_whole = has_windows && window_h == height && window_w == width;
  int64_t out_size = has_windows ? height / window_h * (width / window_w) : height * width;
  float *out = call->out + (n * e->channels + piece->first + k * piece->step) * out_size;
  float stack[ELEMENTWISE_DEPTH][TILE], columns[TILE];
  int64_t most = TILE / width;
  double total = 0;
  for (int64_t first = 0; first < height; first += most) {
    int64_t rows = first + most <= height ? most : height - first, size = rows * width;
    float *result = has_windows ? NULL : out + first * width;
    Operand x = run_program(call, piece, n, k, first, rows, stack, result);
    if (!has_windows) {
      if (!x.values)
        for (int64_t i = 0; i < size; i++) result[i] = x.value;
      else if (x.values != result)
        memcpy(result, x.values, (size_t)size * sizeof(float));
    } else if (is_whole) {
      total += sum_tile(x, size);
    } else {
      for (int64_t r = 0; r < rows; r++) {
        int64_t row = first + r;
        const float *values = x.values ? x.values + r * width : NULL;
        for (int64_t i = 0; i < width; i++) {
          float value = values ? values[i] : x.value;
          columns[i] = row % window_h == 0 ? value : columns[i] + value;
        }
        if (row % window_h == window_h - 1)
          sum_columns(columns, out + row / window_h * (width / window_w), width / window_w, window_w, e->scale);
      }
    }
  }
  if (is_whole) out[0] = (float)(total * e->scale);
}

static void elementwise(void *arguments, size_t task) {
  const ElementwiseCall *call = arguments;
  const Elementwise *e = call->program;
  int64_t planes = e->images * e->planes, end = ((int64_t)task + 1) * e->planes_per_task;
  for (int64_t i = (int64_t)task * e->planes_per_task; i < end && i < planes; i++) {
    int64_t k = i % e->planes;
    const Piece *piece = e->pieces;
    for (; k >= piece->count; piece++) k -= piece->count;
    elementwise_plane(call, piece, i / e->planes, k);
  }
}
