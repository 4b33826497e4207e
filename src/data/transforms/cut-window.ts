/** @file A rectangle of rows of pixels. */

import type { Window } from './geometry.js';

/** A copy of the part. @param width of the whole, in pixels. @param channels samples of a pixel. */
export function cutWindow(
  data: Uint8Array,
  width: number,
  { left, top, width: w, height: h }: Window,
  channels: number,
): Uint8Array {
  const out = new Uint8Array(w * h * channels);
  for (let y = 0; y < h; y++) {
    const from = ((top + y) * width + left) * channels;
    out.set(data.subarray(from, from + w * channels), y * w * channels);
  }
  return out;
}
