/** @file A thread that divides a picture into segments by Felzenszwalb and Huttenlocher, as training without labels does. */

import { segmentImage } from '../../data/superpixels/felzenszwalb.js';

/** The picture: red, green, blue and opacity of each pixel. */
export interface SegmentsRequest {
  readonly rgba: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Finer than for training: a click fills a part of an object. */
const SETTINGS = { scale: 150, sigma: 0.8, minSize: 60 };

self.onmessage = ({ data: { rgba, width, height } }: MessageEvent<SegmentsRequest>) => {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from]!;
    rgb[to++] = rgba[from + 1]!;
    rgb[to++] = rgba[from + 2]!;
  }
  const { ids } = segmentImage(rgb, { width, height }, SETTINGS);
  self.postMessage({ ids, width, height });
};
