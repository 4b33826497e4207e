/** @file Paints class maps over images, so that a person can judge a segmentation, and encodes the result as PNG. */

import { OtxError } from '../base/errors.js';
import type { Rgb } from './palette.js';
import sharp from './sharp.js';

/** Interleaved 8-bit RGB, row-major [height, width, 3]. */
export interface RgbImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What painting needs to know of a class. */
export interface PaintedClass {
  readonly name: string;
  readonly color: Rgb;
}

/**
 * Blends the class colours into the image and draws a 1-pixel contour between regions: darker than light
 * class colours, lighter than dark ones. Pixels without a class, such as 255 (ignore), keep the image.
 * @param labels class index of each pixel, row-major [height, width].
 * @param alpha share of the class colour, 0 to 1.
 * @returns RGB of the image's size; the input is not changed.
 */
export function renderOverlay(
  image: RgbImage,
  labels: Uint8Array,
  classes: readonly PaintedClass[],
  alpha = 0.5,
): Uint8Array {
  const { data, width, height } = image;
  if (labels.length !== width * height || data.length !== 3 * labels.length) {
    throw new OtxError(
      'image',
      `Cannot paint ${labels.length} labels over ${data.length} bytes of a ${width}x${height} RGB image: sizes must match.`,
    );
  }
  const out = Uint8Array.from(data);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const color = classes[label]?.color;
    if (color === undefined) continue;
    const onRightEdge = (i + 1) % width === 0;
    const contour =
      (!onRightEdge && labels[i + 1] !== label) || (i + width < labels.length && labels[i + width] !== label);
    const r = data[3 * i]! + (color[0] - data[3 * i]!) * alpha;
    const g = data[3 * i + 1]! + (color[1] - data[3 * i + 1]!) * alpha;
    const b = data[3 * i + 2]! + (color[2] - data[3 * i + 2]!) * alpha;
    const edge = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] > 80 ? 0 : 255;
    const strength = contour ? 0.55 : 0;
    out[3 * i] = Math.round(r + (edge - r) * strength);
    out[3 * i + 1] = Math.round(g + (edge - g) * strength);
    out[3 * i + 2] = Math.round(b + (edge - b) * strength);
  }
  return out;
}

/** The bytes of a PNG file of an image. */
export function encodePng({ data, width, height }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 7 })
    .toBuffer();
}
