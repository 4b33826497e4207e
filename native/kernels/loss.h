/**
 * Softmax cross entropy of logits that are enlarged bilinearly by whole factors (half-pixel centres), and its gradient in the
 * logits before that, in one pass: neither the large logits nor their gradient are ever in memory.
 *
 * (x [N, K, h, w], labels [N, h·u, w·v], weights [K]) → loss, dx [N, K, h, w], with P = N·h·u·w·v pixels
 *   z = the enlarged x;  p = softmax of z over K;  o = 1 for the class of a pixel, g its weight, 0 for labels outside 0…K−1
 *   loss = 1/P · Σ g·(log Σ exp z − z of the class);  dx = 1/P · the transposed enlargement of g·(p − o)
 *
 * Between two neighbours in x lie v pixels, at the same places of every pair: pixels i·v + r with one r (a phase) come from
 * neighbouring values, and LANES of them from two loads. Pixels are computed phase by phase, and their labels sorted to match.
 * Of the gradient a row keeps three sums, of what goes to the value before, at and after; then two rows of x get their share.
 *
 * One task is a band of rows: those pixels that lie between two rows of x, for LOSS_BAND such pairs. The last row of x is also
 * the first of the next band: what this one brings to it goes to a row of its own, which is added in the end. Memory moves
 * 4 bytes a pixel (labels) and 8 a value of x (x, dx), where stock operators move some 40 bytes a pixel and class.
 */
#pragma once
#include "kernels.h"
#include "scratch.h"
#include "vector.h"

/** What a task works on. Rows begin behind LANES floats, and go as far beyond their end as vectors read. */
typedef struct {
  int64_t row;
  /** By class: a row of x between two others, and of its gradient what goes to the value at, before and after. */
  float *mixed, *at, *before, *after;
  /** By phase. */
  float *labels;
  /** By class. */
  Vector *scores, *to_at, *to_before, *to_after;
  /** By row and class. */
  float *sums;
} LossMemory;

static LossMemory loss_memory(const ResizedLoss *d, int64_t rows) {
  int64_t k = d->classes, row = (d->width + LANES - 1) / LANES * LANES + 2 * LANES;
  size_t size = (size_t)((4 * k + d->up_w + rows * k) * row + 4 * k * LANES);
  float *values = scratch(SCRATCH_INPUT, size);
  memset(values, 0, size * sizeof *values);
  LossMemory m = {.row = row, .scores = (Vector *)values};
  m.to_at = m.scores + k;
  m.to_before = m.to_at + k;
  m.to_after = m.to_before + k;
  m.mixed = values + 4 * k * LANES + LANES;
  m.at = m.mixed + k * row;
  m.before = m.at + k * row;
  m.after = m.before + k * row;
  m.labels = m.after + k * row;
  m.sums = m.labels + d->up_w * row;
  return m;
}

/** A row between two of x, `share` being that of the second; ends are repeated beyond them. */
static void mix_rows(const ResizedLoss *d, LossMemory m, const float *first, const float *second, float share) {
  int64_t plane = d->height * d->width, width = d->width, end = m.row - LANES;
  for (int64_t k = 0; k < d->classes; k++, first += plane, second += plane) {
    float *to = m.mixed + k * m.row;
    int64_t i = 0;
    for (; i + LANES <= width; i += LANES) {
      Vector a = load(first + i);
      store(to + i, a + (load(second + i) - a) * share);
    }
    if (i < width) {
      Vector a = load_some(first + i, width - i);
      store_some(to + i, a + (load_some(second + i, width - i) - a) * share, width - i);
    }
    to[-1] = to[0];
    for (i = width; i < end; i++) to[i] = to[width - 1];
  }
}

/** Labels of a row of pixels by phase; none are behind the end. */
static void sort_labels(const ResizedLoss *d, LossMemory m, const float *labels) {
  int64_t up = d->up_w, end = m.row - LANES;
  for (int64_t r = 0; r < up; r++) {
    float *to = m.labels + r * m.row;
    for (int64_t i = 0; i < d->width; i++) to[i] = labels[i * up + r];
    for (int64_t i = d->width; i < end; i++) to[i] = -1;
  }
}

/** Σ of the losses of a row of pixels; what goes to the values at, before and after is left in `m`. */
static NOT_INLINE double loss_row(const ResizedLoss *d, LossMemory m) {
  int64_t classes = d->classes;
  Vector total = {0};
  for (int64_t i = 0; i < d->width; i += LANES) {
    for (int64_t k = 0; k < classes; k++) m.to_at[k] = m.to_before[k] = m.to_after[k] = broadcast(0);
    for (int64_t r = 0; r < d->up_w; r++) {
      // Half of the phases lie before the middle of a value of x.
      int behind = 2 * r + 1 >= d->up_w;
      float share = ((float)r + 0.5f) / (float)d->up_w + (behind ? -0.5f : 0.5f);
      const float *from = m.mixed + i - !behind;
      Vector label = load(m.labels + r * m.row + i), top = load(from), sum = {0}, score = {0}, weight = {0};
      for (int64_t k = 0; k < classes; k++) {
        Vector a = load(from + k * m.row), b = load(from + k * m.row + 1), z = a + (b - a) * share;
        m.scores[k] = z;
        top = k == 0 ? z : choose(z > top, z, top);
      }
      for (int64_t k = 0; k < classes; k++) {
        Vector z = m.scores[k] - top, e = exponential(z);
        IntVector is_class = label == broadcast((float)k);
        score += choose(is_class, z, broadcast(0));
        weight += choose(is_class, broadcast(d->weights[k]), broadcast(0));
        m.scores[k] = e;
        sum += e;
      }
      total += weight * (logarithm(sum) - score);
      Vector factor = weight / sum, *first = behind ? m.to_at : m.to_before, *second = behind ? m.to_after : m.to_at;
      for (int64_t k = 0; k < classes; k++) {
        Vector g = m.scores[k] * factor - choose(label == broadcast((float)k), weight, broadcast(0)), later = g * share;
        first[k] += g - later;
        second[k] += later;
      }
    }
    for (int64_t k = 0; k < classes; k++) {
      store(m.at + k * m.row + i, m.to_at[k]);
      store(m.before + k * m.row + i, m.to_before[k]);
      store(m.after + k * m.row + i, m.to_after[k]);
    }
  }
  return (double)sum_lanes(total);
}

/** Adds the gradient of a row between two of x to the sums of both. */
static void share_gradient(const ResizedLoss *d, LossMemory m, float *first, float *second, float share) {
  int64_t last = d->width - 1;
  for (int64_t k = 0; k < d->classes; k++) {
    float *at = m.at + k * m.row, *before = m.before + k * m.row, *after = m.after + k * m.row;
    // Beyond the ends are the ends.
    at[0] += before[0];
    at[last] += after[last];
    for (int64_t i = 0; i <= last; i += LANES) {
      Vector g = load(at + i) + load(before + i + 1) + load(after + i - 1), later = g * share;
      float *a = first + k * m.row + i, *b = second + k * m.row + i;
      store(a, load(a) + (g - later));
      store(b, load(b) + later);
    }
  }
}

static void resized_loss(void *arguments, size_t task) {
  const ResizedLoss *d = arguments;
  int64_t n = (int64_t)task / d->bands, band = (int64_t)task % d->bands, classes = d->classes, up = d->up_h;
  // Pair c is rows c and c + 1 of x, both cut to what there is.
  int64_t begin = band * LOSS_BAND - 1, end = begin + LOSS_BAND < d->height ? begin + LOSS_BAND : d->height;
  int64_t first = begin > 0 ? begin : 0, last = d->height - 1, plane = d->height * d->width;
  LossMemory m = loss_memory(d, end - first + 1);
  const float *x = d->x + n * classes * plane, *labels = d->labels + n * plane * up * d->up_w;
  double loss = 0;
  for (int64_t c = begin; c < end; c++) {
    int64_t low = c < 0 ? 0 : c, high = c < last ? c + 1 : last;
    for (int64_t r = 0; r < up; r++) {
      int behind = 2 * r + 1 >= up;
      int64_t y = (behind ? c : c + 1) * up + r;
      if (y < 0 || y >= d->height * up) continue;
      float share = ((float)r + 0.5f) / (float)up + (behind ? -0.5f : 0.5f);
      mix_rows(d, m, x + low * d->width, x + high * d->width, share);
      sort_labels(d, m, labels + y * d->width * d->up_w);
      loss += loss_row(d, m);
      share_gradient(d, m, m.sums + (low - first) * classes * m.row, m.sums + (high - first) * classes * m.row, share);
    }
  }
  d->losses[task] = loss;
  float scale = (float)(1.0 / (double)(d->images * plane * up * d->up_w));
  for (int64_t row = first; row <= end && row <= last; row++)
    for (int64_t k = 0; k < classes; k++) {
      const float *from = m.sums + ((row - first) * classes + k) * m.row;
      float *to = row < end ? d->dx + ((n * classes + k) * d->height + row) * d->width
                            : d->shared + ((int64_t)task * classes + k) * d->width;
      for (int64_t i = 0; i < d->width; i++) to[i] = from[i] * scale;
    }
}
