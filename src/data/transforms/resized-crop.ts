/** @file A random part of an image, resized to a square (torchvision `RandomResizedCrop`, on PIL images). */
import type { Random } from '../../base/random.js';
import type { LabeledImage } from '../types.js';
import type { Size, Window } from './geometry.js';

/** Share of the image's area that the part has: U(0.08, 1). */
const AREA = [0.08, 1] as const;
/** Width by height of the part, uniform in its logarithm. */
const RATIO = [3 / 4, 4 / 3] as const;
const TRIES = 10;

/** Draws a part and resizes it to `side` x `side`; see {@link drawPart} and {@link resizePart}. */
export function randomResizedCrop(sample: LabeledImage, side: number, random: Random): LabeledImage {
  return resizePart(sample, drawPart(sample, random), side);
}

/**
 * Draws the part: its area first, then its aspect ratio, then its place. After 10 tries that do not fit, the largest part
 * of an allowed aspect ratio in the middle of the image.
 */
export function drawPart({ width, height }: Size, random: Random): Window {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = width * height * random.range(...AREA);
    const ratio = Math.exp(random.range(Math.log(RATIO[0]), Math.log(RATIO[1])));
    const part = { width: Math.round(Math.sqrt(area * ratio)), height: Math.round(Math.sqrt(area / ratio)) };
    if (part.width < 1 || part.height < 1 || part.width > width || part.height > height) continue;
    const top = random.integer(height - part.height + 1);
    const left = random.integer(width - part.width + 1);
    return { left, top, ...part };
  }
  const ratio = Math.min(Math.max(width / height, RATIO[0]), RATIO[1]);
  const part = {
    width: Math.min(width, Math.max(1, Math.round(height * ratio))),
    height: Math.min(height, Math.max(1, Math.round(width / ratio))),
  };
  return { left: (width - part.width) >> 1, top: (height - part.height) >> 1, ...part };
}

/**
 * Resizes a part of a sample to `side` x `side`, the image bilinearly and, where it shrinks, averaged over all the pixels
 * that fall into a new one (PIL's antialiasing, within one level of its rounding); the mask takes the pixel in the middle.
 * The reference interpolates between the numbers of regions, which makes up regions along every border; not so here.
 */
export function resizePart(sample: LabeledImage, part: Window, side: number): LabeledImage {
  const columns = tapsOf(part.width, side);
  const rows = tapsOf(part.height, side);
  const stride = 3 * side;
  const narrowed = new Float32Array(stride * part.height);
  for (let y = 0, at = 0; y < part.height; y++) {
    const line = 3 * ((part.top + y) * sample.width + part.left);
    for (let x = 0, tap = 0; x < side; x++, at += 3) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let from = line + 3 * columns.first[x]!, end = columns.ends[x]!; tap < end; tap++, from += 3) {
        const weight = columns.weights[tap]!;
        red += weight * sample.image[from]!;
        green += weight * sample.image[from + 1]!;
        blue += weight * sample.image[from + 2]!;
      }
      narrowed[at] = red;
      narrowed[at + 1] = green;
      narrowed[at + 2] = blue;
    }
  }

  const image = new Uint8Array(stride * side);
  const line = new Float32Array(stride);
  for (let y = 0, tap = 0; y < side; y++) {
    line.fill(0.5);
    for (let from = rows.first[y]! * stride, end = rows.ends[y]!; tap < end; tap++, from += stride) {
      const weight = rows.weights[tap]!;
      for (let x = 0; x < stride; x++) line[x]! += weight * narrowed[from + x]!;
    }
    image.set(line, y * stride);
  }
  return { image, mask: nearest(sample, part, side), width: side, height: side };
}

/** For each new index, its old ones `first` onwards with the weights up to `ends` (an index into `weights`). */
function tapsOf(from: number, to: number) {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const first = new Int32Array(to);
  const ends = new Int32Array(to);
  const weights: number[] = [];
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(Math.floor(centre - support + 0.5), 0);
    const high = Math.min(Math.floor(centre + support + 0.5), from);
    const triangle = Array.from({ length: high - low }, (_, n) =>
      Math.max(1 - Math.abs((low + n + 0.5 - centre) / support), 0),
    );
    const total = triangle.reduce((sum, weight) => sum + weight, 0);
    for (const weight of triangle) weights.push(weight / total);
    first[i] = low;
    ends[i] = weights.length;
  }
  return { first, ends, weights: Float32Array.from(weights) };
}

function nearest({ mask, width }: LabeledImage, part: Window, side: number): Uint8Array {
  const columns = Int32Array.from(
    { length: side },
    (_, x) => part.left + Math.floor(((x + 0.5) * part.width) / side),
  );
  const out = new Uint8Array(side * side);
  for (let y = 0, at = 0; y < side; y++) {
    const row = (part.top + Math.floor(((y + 0.5) * part.height) / side)) * width;
    for (let x = 0; x < side; x++) out[at++] = mask[row + columns[x]!]!;
  }
  return out;
}
