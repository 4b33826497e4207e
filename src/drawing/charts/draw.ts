/** @file What all charts share: their look, words of an estimated width, and the way from SVG to a PNG file. */

import sharp from '../../data/images/sharp.js';
import { darkened } from '../../data/masks/color-vision.js';
import { isPainted, type PaintedClass } from '../overlay.js';
import { element, svgFile, svgText } from '../svg.js';

/** Pixels per unit of length; text stays crisp when a picture is enlarged. */
const SCALE = 1.5;
/** What SVG calls scale 1. */
const DOTS_PER_INCH = 72;

export const INK = '#24292f';
export const FAINT = '#8c959f';
export const GRID = '#e7eaee';
/** Lines of one chart, told apart also by the colour-blind (Okabe and Ito, darkened yellow). */
export const LINES = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#7f5fc7',
  '#8b6d2f',
  '#444c56',
  '#b3263a',
];

/** Lightness up to which a colour is seen well on white. */
const SEEN_ON_WHITE = 0.74;

/** The colour of a class on paper: its own, darkened where it is very light, and grey for what pictures leave unpainted. */
export function classColor(info: PaintedClass): string {
  return isPainted(info) ? `rgb(${darkened(info.color, SEEN_ON_WHITE).join()})` : FAINT;
}

/** How a text is written; plain ones need none of it. */
export interface TextStyle {
  readonly size?: number;
  readonly color?: string;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Written upwards. */
  readonly upwards?: boolean;
}

export const FONT_SIZE = 13;

/** A line of text whose middle is at that height. */
export function label(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { size = FONT_SIZE, color = INK, bold = false, anchor = 'start', upwards = false } = style;
  return element(
    'text',
    {
      x,
      y,
      dy: '0.36em',
      'font-size': size,
      'font-weight': bold ? 'bold' : undefined,
      'text-anchor': anchor === 'start' ? undefined : anchor,
      fill: color,
      transform: upwards ? `rotate(-90 ${x} ${y})` : undefined,
    },
    svgText(text),
  );
}

export function title(x: number, y: number, text: string): string {
  return label(x, y, text, { size: 16, bold: true });
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return element('path', { d: `M${round(x1)},${round(y1)}L${round(x2)},${round(y2)}`, stroke, fill: 'none' });
}

/** To a hundredth, as SVG has numbers. */
export function round(value: number): number {
  return Number(value.toFixed(2));
}

/** Width of a column of {@link displayWidth}, on the wide side because fonts differ by host. */
export function columnWidth(size = FONT_SIZE): number {
  return 0.6 * size;
}

/** Figures of an axis. */
export function shortNumber(value: number): string {
  return value !== 0 && Math.abs(value) < 0.01 ? value.toExponential() : String(Number(value.toPrecision(4)));
}

/**
 * Draws a chart.
 *
 * @param body SVG elements in units of 1.5 pixels.
 * @returns a PNG file.
 */
export function drawChart(width: number, height: number, body: string): Promise<Uint8Array> {
  return sharp(svgFile(width, height, body), { density: DOTS_PER_INCH * SCALE })
    .flatten({ background: '#ffffff' })
    .png({ palette: false, compressionLevel: 7 })
    .toBuffer();
}
