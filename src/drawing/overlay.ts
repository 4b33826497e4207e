/** @file Paints class maps over images, so that a person can judge a segmentation, and encodes the result as PNG. */

import { OtxError } from '../base/errors.js';
import sharp from '../data/images/sharp.js';
import type { Rgb } from '../data/masks/color-vision.js';
import { BACKGROUND } from '../data/types.js';

/** Interleaved 8-bit RGB, row-major [height, width, 3]. */
export interface RgbImage {
  /** Three bytes a pixel. */
  readonly data: Uint8Array;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** What painting needs to know of a class. */
export interface PaintedClass {
  /** The class `background` is not painted. */
  readonly name: string;
  /** What it is painted with. */
  readonly color: Rgb;
}

/** Whether pictures show a class by its colour; the background is what is left of the photograph. */
export function isPainted({ name }: PaintedClass): boolean {
  return name !== BACKGROUND;
}

/**
 * Blends the class colours into the image and draws a 1-pixel contour along regions: darker than light
 * class colours, lighter than dark ones. The background and pixels without a class, such as 255 (ignore), keep the image.
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
  const colors = classes.map((info) => (isPainted(info) ? info.color : undefined));
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const color = colors[label];
    if (color === undefined) continue;
    const x = i % width;
    // Of two regions side by side the left or upper one has the contour; one beside the bare photograph has its own.
    const contour =
      (x + 1 < width && labels[i + 1] !== label) ||
      (i + width < labels.length && labels[i + width] !== label) ||
      (x > 0 && colors[labels[i - 1]!] === undefined) ||
      (i >= width && colors[labels[i - width]!] === undefined);
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
