/** Checks programs of elementwise operators once, so that kernels need not. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  const int64_t *at, *end;
  int good;
} Reader;

/** The next number, which must be in a range. */
static int64_t next(Reader *r, int64_t least, int64_t most) {
  if (r->at == r->end || *r->at < least || *r->at > most) {
    r->good = 0;
    return least;
  }
  return *r->at++;
}

/** Limits that leave room to multiply in 64 bits; src/graph/fusion/elementwise-program.ts keeps to them. */
#define MOST_IMAGES (1 << 15)
#define MOST_PLANES (1 << 18)
#define MOST_ROWS (1 << 14)

static void read_view(Reader *r, Elementwise *e, View *v) {
  v->tensor = (int32_t)next(r, 0, e->tensors - 1);
  v->mode = (int32_t)next(r, VIEW_PLANE, VIEW_UPSAMPLED);
  v->image = next(r, 0, MOST_PLANES);
  v->offset = next(r, 0, MOST_PLANES);
  v->channel = next(r, 0, MOST_PLANES);
  v->up_h = next(r, 1, e->height);
  v->up_w = next(r, 1, e->width);
  if (v->mode == VIEW_UPSAMPLED && (e->height % v->up_h != 0 || e->width % v->up_w != 0)) r->good = 0;
}

/** The code of a piece must leave one operand and never have more than fit. */
static void read_piece(Reader *r, Elementwise *e, Piece *p, int32_t *code, int constants) {
  p->count = next(r, 1, e->channels);
  p->first = next(r, 0, e->channels - 1);
  p->step = next(r, 1, e->channels);
  p->length = (int32_t)next(r, 1, (r->end - r->at) / 2);
  p->code = code;
  if (p->first + (p->count - 1) * p->step >= e->channels) r->good = 0;
  int depth = 0;
  for (int i = 0; i < p->length && r->good; i++) {
    int64_t operation = next(r, 0, ELEMENTWISE_CODES - 1);
    int64_t most = operation == ELEMENTWISE_LOAD ? e->view_count - 1 : operation == ELEMENTWISE_CONST ? constants - 1 : 0;
    code[2 * i] = (int32_t)operation;
    code[2 * i + 1] = (int32_t)next(r, 0, most);
    int taken = operation <= ELEMENTWISE_CONST ? 0 : operation <= ELEMENTWISE_DIV ? 2 : 1;
    if (depth < taken) r->good = 0;
    depth += 1 - taken;
    if (depth > ELEMENTWISE_DEPTH) r->good = 0;
  }
  if (depth != 1) r->good = 0;
  e->planes += p->count;
}

Elementwise *read_program(const int64_t *numbers, size_t count, const float *constants, size_t constant_count,
                          float scale) {
  Elementwise *e = calloc(1, sizeof *e);
  int32_t *code = calloc(count, sizeof *code);
  if (!e || !code || constant_count > ELEMENTWISE_CONSTANTS) return free(e), free(code), NULL;
  Reader r = {numbers, numbers + count, 1};
  e->images = next(&r, 1, MOST_IMAGES);
  e->channels = next(&r, 1, MOST_PLANES);
  e->height = next(&r, 1, MOST_ROWS);
  e->width = next(&r, 1, TILE);
  e->window_h = next(&r, 0, e->height);
  e->window_w = next(&r, 0, e->width);
  e->tensors = (int32_t)next(&r, 1, ELEMENTWISE_TENSORS);
  e->view_count = (int32_t)next(&r, 1, ELEMENTWISE_VIEWS);
  e->piece_count = (int32_t)next(&r, 1, ELEMENTWISE_PIECES);
  e->scale = scale;
  if (constant_count > 0) memcpy(e->constants, constants, constant_count * sizeof *constants);
  int has_windows = e->window_h > 0;
  if (has_windows != (e->window_w > 0)) r.good = 0;
  if (r.good && has_windows && (e->height % e->window_h != 0 || e->width % e->window_w != 0)) r.good = 0;
  for (int i = 0; i < e->view_count && r.good; i++) read_view(&r, e, e->views + i);
  int32_t *free_code = code;
  for (int i = 0; i < e->piece_count && r.good; i++) {
    read_piece(&r, e, e->pieces + i, free_code, (int)constant_count);
    free_code += 2 * e->pieces[i].length;
  }
  // The first piece holds the memory of all code.
  if (!r.good || r.at != r.end) return free(code), free(e), NULL;
  int64_t size = e->height * e->width;
  e->planes_per_task = size >= ELEMENTWISE_TASK ? 1 : ELEMENTWISE_TASK / size;
  return e;
}

void free_program(Elementwise *e) {
  if (!e) return;
  free((void *)e->pieces[0].code);
  free(e);
}

int64_t values_needed(const Elementwise *e, int tensor) {
  int64_t most = 0;
  for (int p = 0; p < e->piece_count; p++) {
    const Piece *piece = e->pieces + p;
    for (int i = 0; i < piece->length; i++) {
      const View *v = e->views + piece->code[2 * i + 1];
      if (piece->code[2 * i] != ELEMENTWISE_LOAD || v->tensor != tensor) continue;
      int64_t last = (e->images - 1) * v->image + v->offset + (piece->count - 1) * v->channel;
      int64_t size = v->mode == VIEW_VALUE ? 1 : e->height / v->up_h * (e->width / v->up_w);
      if ((last + 1) * size > most) most = (last + 1) * size;
    }
  }
  return most;
}
