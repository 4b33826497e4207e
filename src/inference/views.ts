/** @file Test-time augmentation: in which views a network sees an image before it is decided what is where. */

import { OtxError, option } from '../base/errors.js';
import { quoted } from '../base/text.js';
import type { Size } from '../data/index.js';

/** Sides of the views `scales`, as shares of those of the network input. */
export const VIEW_SCALES: readonly number[] = [0.75, 1, 1.25];

/** Networks shrink what they see five times by half. */
const STEP = 32;

/** The views of an image. */
export interface Views {
  /** Whether each is also seen mirrored, left to right. */
  readonly isMirrored: boolean;
  /** Sides of the network input at which an image is seen, as shares of the usual ones. */
  readonly scales: readonly number[];
}

const WORDS = ['flip', 'scales'];

/**
 * The views that the option `tta` names.
 *
 * @param text `off`, `flip`, `scales` or `flip,scales`; default `off`.
 * @throws OtxError `usage` for anything else.
 */
export function parseViews(text = 'off'): Views {
  const words = text
    .toLowerCase()
    .split(',')
    .map((word) => word.trim());
  const isOff = words.length === 1 && words[0] === 'off';
  const isKnown = words.every((word) => WORDS.includes(word)) && new Set(words).size === words.length;
  if (!isOff && !isKnown) {
    throw new OtxError(
      'usage',
      `${option('tta')} is ${quoted(text)}; expected off, flip, scales, or flip,scales for both`,
    );
  }
  return { isMirrored: words.includes('flip'), scales: words.includes('scales') ? VIEW_SCALES : [1] };
}

/** The size of the network input at a scale; at other scales than 1 in steps that all networks can halve. */
export function sizeAtScale({ width, height }: Size, scale: number): Size {
  if (scale === 1) return { width, height };
  const scaled = (side: number) => Math.max(Math.round((side * scale) / STEP), 1) * STEP;
  return { width: scaled(width), height: scaled(height) };
}

/** Planes [C, H, W] with left and right exchanged. */
export function mirrored(planes: Float32Array, { width, height }: Size): Float32Array<ArrayBuffer> {
  const result = new Float32Array(planes.length);
  const rows = (planes.length / (width * height)) * height;
  for (let row = 0, at = 0; row < rows; row++) {
    for (let from = (row + 1) * width - 1; at < (row + 1) * width; at++, from--) result[at] = planes[from]!;
  }
  return result;
}
