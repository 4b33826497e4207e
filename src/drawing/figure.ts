/** @file Figures for people: pictures in a grid with captions and a legend of the classes, drawn as SVG text by sharp. */

import { OtxError } from '../base/errors.js';
import { displayWidth, printableLine, shortened } from '../base/text.js';
import sharp, { type CreateRaw, type OverlayOptions } from '../data/images/sharp.js';
import { isPainted, type PaintedClass, type RgbImage } from './overlay.js';
import { element, svgFile, svgText } from './svg.js';

/** One picture of a figure with the words above it. */
export interface Panel {
  readonly caption: string;
  readonly image: RgbImage;
}

const PAPER = '#ffffff';
const INK = '#24292f';
const GAP = 8;

/**
 * Places pictures of equal size in a grid, row by row, each under its caption, with a legend strip below.
 * @param panels at least one, for example image, truth, prediction.
 * @param classes listed in the legend in this order; none leaves the strip out.
 * @param columns pictures per row; default: all side by side.
 * @throws OtxError `image` if the pictures differ in size.
 */
export async function renderFigure(
  panels: readonly Panel[],
  classes: readonly PaintedClass[] = [],
  columns = panels.length,
): Promise<RgbImage> {
  const first = panels[0];
  if (first === undefined) throw new OtxError('image', 'A figure needs at least one picture, got none.');
  const { width, height } = first.image;
  for (const { caption, image } of panels) {
    if (image.width !== width || image.height !== height) {
      throw new OtxError(
        'image',
        `Picture "${caption}" is ${image.width}x${image.height}, expected ${width}x${height} like "${first.caption}".`,
      );
    }
  }
  const font = fontSize(width);
  const bar = 2 * font;
  const perRow = Math.min(columns, panels.length);
  const total = perRow * (width + GAP) + GAP;
  const bottom = Math.ceil(panels.length / perRow) * (bar + height);
  const placed = panels.map(({ caption, image }, index) => ({
    caption,
    image,
    left: (index % perRow) * (width + GAP) + GAP,
    top: Math.floor(index / perRow) * (bar + height) + bar,
  }));
  const legend = classes.length > 0 ? await renderLegend(classes, total, font) : undefined;
  const captions = placed.map(({ caption, left, top }) => {
    const room = Math.floor((width - 2) / (font * CHARACTER));
    return text(shortened(printableLine(caption), room), left, top - bar * 0.32, font);
  });
  return rasterise(total, bottom + (legend?.height ?? GAP), [
    { input: svgFile(total, bottom, captions.join('')), left: 0, top: 0 },
    ...placed.map(({ image, left, top }) => ({ ...layer(image), left, top })),
    ...(legend === undefined ? [] : [{ ...layer(legend), left: 0, top: bottom }]),
  ]);
}

/**
 * A strip of colour swatches with class names, wrapped to the given width.
 * @param width in pixels.
 * @param font text height in pixels, by default chosen from the width.
 */
export async function renderLegend(
  classes: readonly PaintedClass[],
  width: number,
  font = fontSize(width),
): Promise<RgbImage> {
  const rowHeight = Math.round(font * 1.7);
  let x = GAP;
  let row = 0;
  const room = Math.floor((width - 2 * GAP) / (font * CHARACTER) - 3);
  const marks = classes.map((info) => {
    const { name, color } = info;
    const words = shortened(printableLine(name), room);
    const advance = Math.ceil(font * (1.5 + CHARACTER * displayWidth(words) + 1));
    if (x > GAP && x + advance > width) {
      x = GAP;
      row++;
    }
    const top = row * rowHeight + GAP;
    // What pictures leave unpainted has a frame for a colour.
    const fill = isPainted(info) ? { fill: `rgb(${color.join()})` } : { fill: PAPER, stroke: INK };
    const swatch = element('rect', { x, y: top, width: font, height: font, rx: 2, ...fill });
    const mark = swatch + text(words, x + font * 1.4, top + font * 0.86, font);
    x += advance;
    return mark;
  });
  const height = (row + 1) * rowHeight + GAP;
  return rasterise(width, height, [{ input: svgFile(width, height, marks.join('')), left: 0, top: 0 }]);
}

/** Mean advance of a sans-serif character as a share of the font size, on the wide side because fonts differ by host. */
const CHARACTER = 0.6;

function fontSize(width: number): number {
  return Math.min(Math.max(Math.round(width / 24), 12), 26);
}

function text(words: string, x: number, y: number, font: number): string {
  return element('text', { x, y, 'font-size': font, fill: INK }, svgText(words));
}

function layer({ data, width, height }: RgbImage): { input: Buffer; raw: CreateRaw } {
  return {
    input: Buffer.from(data.buffer, data.byteOffset, data.length),
    raw: { width, height, channels: 3 },
  };
}

async function rasterise(width: number, height: number, layers: OverlayOptions[]): Promise<RgbImage> {
  const { data } = await sharp({ create: { width, height, channels: 3, background: PAPER } })
    .composite(layers)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height };
}
