/** @file Words in a corner of a picture, readable over anything. */

import { displayWidth, printableLine } from '../base/text.js';
import sharp from '../data/images/sharp.js';
import type { RgbImage } from './overlay.js';
import { element, svgFile, svgText } from './svg.js';

const FONT = 1 / 40;
const [SMALLEST_FONT, LARGEST_FONT] = [12, 64];
/** Mean advance of a character as a share of the font size, on the wide side because fonts differ by host. */
const CHARACTER = 0.6;

/** The picture with a line of words on a dark strip in its upper left corner; as it is where they do not fit. */
export async function withWords(image: RgbImage, words: string): Promise<RgbImage> {
  const font = Math.min(Math.max(Math.round(image.width * FONT), SMALLEST_FONT), LARGEST_FONT);
  const line = printableLine(words);
  const width = Math.ceil(font * (CHARACTER * displayWidth(line) + 1));
  const height = Math.round(font * 1.7);
  if (width > image.width || height > image.height) return image;
  const strip =
    element('rect', { x: 0, y: 0, width, height, fill: '#000000', 'fill-opacity': 0.6 }) +
    element('text', { x: font / 2, y: font * 1.2, 'font-size': font, fill: '#ffffff' }, svgText(line));
  const data = await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .composite([{ input: svgFile(width, height, strip), left: 0, top: 0 }])
    .removeAlpha()
    .raw()
    .toBuffer();
  return { ...image, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
