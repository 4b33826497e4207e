/** @file Pictures as JPEG files, small enough for a run folder and sharp enough for the edges of masks. */

import sharp from '../data/images/sharp.js';
import type { RgbImage } from '../drawing/overlay.js';

export function encodeJpeg({ data, width, height }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90, chromaSubsampling: '4:4:4' })
    .toBuffer();
}
