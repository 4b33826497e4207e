/** @file Resizing with OpenCV's conventions, which the reference's weights were trained with. */
import { type Size, type Window, wholeWindow } from './geometry.js';

/** Weights are whole numbers out of 2048, so that every sum of products fits 32 bits. */
const WEIGHT_BITS = 11;
const ONE = 1 << WEIGHT_BITS;

/**
 * Bilinear resize of an HWC RGB image, 8 bit in and out, half-pixel centres, no antialiasing (OpenCV `INTER_LINEAR`,
 * within one level of its rounding).
 * @param window part of the resized image that is wanted; the rest is not computed. Default: all of it.
 * @param firstRow row of the image that its data begins with, of data that lacks rows that are not needed. Default 0.
 * @returns HWC RGB of the window's size.
 */
export function resizeImage(
  image: Uint8Array,
  from: Size,
  to: Size,
  window: Window = wholeWindow(to),
  firstRow = 0,
): Uint8Array {
  const { left, top, width, height } = window;
  const columns = tapsOf(from.width, to.width, left, width);
  const rows = tapsOf(from.height, to.height, top, height);
  const rowBytes = from.width * 3;
  const rowOf = (y: number) => image.subarray((y - firstRow) * rowBytes, (y - firstRow + 1) * rowBytes);
  const out = new Uint8Array(width * height * 3);

  // Neighbouring output rows mostly share their two source rows; each is blended along x only once.
  let lowLine = new Int32Array(width * 3);
  let highLine = new Int32Array(width * 3);
  let lowRow = -1;
  let highRow = -1;
  for (let y = 0; y < height; y++) {
    const low = rows.low[y]!;
    const high = rows.high[y]!;
    if (low !== lowRow && low === highRow) {
      [lowLine, highLine] = [highLine, lowLine];
      [lowRow, highRow] = [highRow, lowRow];
    }
    if (low !== lowRow) {
      blendColumns(rowOf(low), columns, lowLine);
      lowRow = low;
    }
    if (high !== highRow) {
      blendColumns(rowOf(high), columns, highLine);
      highRow = high;
    }
    blendRows(lowLine, highLine, rows.weight[y]!, out.subarray(y * width * 3));
  }
  return out;
}

/** A source row at the width of the output, times {@link ONE}. */
function blendColumns(row: Uint8Array, { low, high, weight }: Taps, line: Int32Array): void {
  for (let x = 0, at = 0; x < low.length; x++, at += 3) {
    const a = low[x]! * 3;
    const b = high[x]! * 3;
    const w = weight[x]!;
    line[at] = blend(row[a]!, row[b]!, w);
    line[at + 1] = blend(row[a + 1]!, row[b + 1]!, w);
    line[at + 2] = blend(row[a + 2]!, row[b + 2]!, w);
  }
}

/** Blends and rounds two such lines into a row of the output. */
function blendRows(low: Int32Array, high: Int32Array, weight: number, out: Uint8Array): void {
  const half = 1 << (2 * WEIGHT_BITS - 1);
  for (let i = 0; i < low.length; i++) {
    out[i] = (blend(low[i]!, high[i]!, weight) + half) >> (2 * WEIGHT_BITS);
  }
}

/** `a` and `b` by weight, times {@link ONE}. */
const blend = (a: number, b: number, weight: number): number => (a << WEIGHT_BITS) + Math.imul(b - a, weight);

/**
 * Nearest-neighbour resize of an HW mask: output x reads input floor(x * from / to) (OpenCV `INTER_NEAREST`).
 * @param window part of the resized mask that is wanted. Default: all of it.
 */
export function resizeMask(
  mask: Uint8Array,
  from: Size,
  to: Size,
  window: Window = wholeWindow(to),
): Uint8Array {
  const { left, top, width, height } = window;
  const columns = new Int32Array(width);
  for (let x = 0; x < width; x++) columns[x] = nearest(left + x, from.width, to.width);

  const out = new Uint8Array(width * height);
  let previousRow = -1;
  for (let y = 0; y < height; y++) {
    const row = nearest(top + y, from.height, to.height);
    const at = y * width;
    if (row === previousRow) {
      out.copyWithin(at, at - width, at);
      continue;
    }
    previousRow = row;
    const base = row * from.width;
    for (let x = 0; x < width; x++) out[at + x] = mask[base + columns[x]!]!;
  }
  return out;
}

function nearest(index: number, from: number, to: number): number {
  return Math.min(Math.floor((index * from) / to), from - 1);
}

/** For each output index: the two input indices it lies between and the weight of the higher one. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Int32Array;
}

function tapsOf(from: number, to: number, start: number, count: number): Taps {
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  const weight = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const position = Math.min(Math.max(((start + i + 0.5) * from) / to - 0.5, 0), from - 1);
    low[i] = Math.floor(position);
    high[i] = Math.min(low[i]! + 1, from - 1);
    weight[i] = Math.round((position - low[i]!) * ONE);
  }
  return { low, high, weight };
}
