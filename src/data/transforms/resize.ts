/** @file Resizing with OpenCV's conventions, which the reference's weights were trained with. */
import { type Size, type Window, wholeWindow } from './geometry.js';

/** Weights are whole numbers out of 2048, so that every sum of products fits 32 bits. */
const WEIGHT_BITS = 11;
const ONE = 1 << WEIGHT_BITS;

/**
 * Bilinear resize of an HWC RGB image, 8 bit in and out, half-pixel centres, no antialiasing (OpenCV `INTER_LINEAR`,
 * within one level of its rounding).
 * @param window part of the resized image that is wanted; the rest is not computed. Default: all of it.
 * @returns HWC RGB of the window's size.
 */
export function resizeImage(
  image: Uint8Array,
  from: Size,
  to: Size,
  window: Window = wholeWindow(to),
): Uint8Array {
  const { left, top, width, height } = window;
  const columns = tapsOf(from.width, to.width, left, width);
  const rows = tapsOf(from.height, to.height, top, height);
  const stride = from.width * 3;
  const out = new Uint8Array(width * height * 3);

  const blendColumns = (row: number, line: Int32Array) => {
    const base = row * stride;
    for (let x = 0, at = 0; x < width; x++, at += 3) {
      const a = base + columns.low[x]! * 3;
      const b = base + columns.high[x]! * 3;
      const weight = columns.weight[x]!;
      const rest = ONE - weight;
      line[at] = image[a]! * rest + image[b]! * weight;
      line[at + 1] = image[a + 1]! * rest + image[b + 1]! * weight;
      line[at + 2] = image[a + 2]! * rest + image[b + 2]! * weight;
    }
  };

  // Neighbouring output rows mostly share their two source rows; each is blended along x only once.
  let lowLine = new Int32Array(width * 3);
  let highLine = new Int32Array(width * 3);
  let lowRow = -1;
  let highRow = -1;
  for (let y = 0, at = 0; y < height; y++) {
    const low = rows.low[y]!;
    const high = rows.high[y]!;
    if (low !== lowRow && low === highRow) {
      [lowLine, highLine] = [highLine, lowLine];
      [lowRow, highRow] = [highRow, lowRow];
    }
    if (low !== lowRow) {
      blendColumns(low, lowLine);
      lowRow = low;
    }
    if (high !== highRow) {
      blendColumns(high, highLine);
      highRow = high;
    }
    const weight = rows.weight[y]!;
    const rest = ONE - weight;
    for (let i = 0; i < lowLine.length; i++) {
      out[at++] =
        (lowLine[i]! * rest + highLine[i]! * weight + (1 << (2 * WEIGHT_BITS - 1))) >> (2 * WEIGHT_BITS);
    }
  }
  return out;
}

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
function tapsOf(from: number, to: number, start: number, count: number) {
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
