/** @file `confusion_matrix.png`: what pixels of each class were taken for. */

import { displayWidth, shortened } from '../../base/text.js';
import type { ClassInfo } from '../../data/index.js';
import type { ConfusionMatrix } from '../../runs/metrics.js';
import { element } from '../svg.js';
import { classColor, columnWidth, drawChart, FAINT, INK, label, title } from './draw.js';

/** Figures fit into the cells up to this many classes. */
const MAX_FIGURES = 20;
/** Darker than this a cell needs white figures. */
const DARK = 0.55;
const LONGEST_NAME = 24;
const TOP = 70;
/** Strip of the class's colour beside its row and below its column. */
const STRIP = 5;
/** Shares from 0 to 1, light to dark. */
const SHADES = [
  [246, 248, 250],
  [182, 212, 238],
  [78, 151, 207],
  [11, 79, 138],
] as const;
const SCALE_HEIGHT = 260;

/** Draws the matrix, each row divided by its sum. @returns a PNG file */
export function drawConfusion(
  matrix: ConfusionMatrix,
  classes: readonly ClassInfo[],
  caption: string,
): Promise<Uint8Array> {
  const { width, height, body } = confusionSvg(matrix, classes, caption);
  return drawChart(width, height, body);
}

/** The chart behind {@link drawConfusion}. */
export function confusionSvg(
  matrix: ConfusionMatrix,
  classes: readonly ClassInfo[],
  caption: string,
): { readonly width: number; readonly height: number; readonly body: string } {
  const count = matrix.classes;
  const isSmall = count <= MAX_FIGURES;
  const cell = isSmall ? Math.max(42, Math.min(72, 460 / count)) : Math.max(9, 900 / count);
  const font = isSmall ? 12 : Math.min(9, cell);
  const names = classes.map(({ name }) => shortened(name, LONGEST_NAME));
  const longest = Math.max(...names.map(displayWidth)) * columnWidth(font);
  const left = 40 + longest + STRIP + 8;
  const size = cell * count;
  const bottom = TOP + size;

  const axes = classes.flatMap((info, index) => {
    const [name, fill] = [names[index] as string, classColor(info)];
    const middle = (index + 0.5) * cell;
    const thick = cell * 0.76;
    return [
      element('rect', {
        x: left - STRIP - 3,
        y: TOP + middle - thick / 2,
        width: STRIP,
        height: thick,
        fill,
      }),
      element('rect', { x: left + middle - thick / 2, y: bottom + 3, width: thick, height: STRIP, fill }),
      label(left - STRIP - 8, TOP + middle, name, { size: font, anchor: 'end' }),
      label(left + middle, bottom + STRIP + 8, name, { size: font, anchor: 'end', upwards: true }),
    ];
  });
  const gap = isSmall ? 1 : 0;
  const cells = shares(matrix).map(({ row, column, share }) => {
    const [x, y] = [left + column * cell, TOP + row * cell];
    const square = element('rect', { x, y, width: cell - gap, height: cell - gap, fill: shade(share) });
    const color = share > DARK ? '#ffffff' : INK;
    const figure = isSmall ? figureOf(share) : '';
    return figure === ''
      ? square
      : square + label(x + cell / 2, y + cell / 2, figure, { size: 12, color, anchor: 'middle' });
  });
  const below = bottom + STRIP + 8 + longest + 22;
  const faint = { color: FAINT, anchor: 'middle' } as const;
  return {
    width: Math.round(Math.max(left + size + 64, 460)),
    height: Math.round(Math.max(below + 18, TOP + SCALE_HEIGHT + 50)),
    body: [
      title(16, 22, 'Confusion matrix'),
      label(16, 44, caption, { size: 12, color: FAINT }),
      ...cells,
      ...axes,
      label(left + size / 2, below, 'predicted', faint),
      label(18, TOP + size / 2, 'true', { ...faint, upwards: true }),
      scaleSvg(left + size + 20, TOP + 8, Math.min(Math.max(size - 40, 60), SCALE_HEIGHT)),
    ].join(''),
  };
}

/** A class without true pixels has no shares. */
export function shares(matrix: ConfusionMatrix): { row: number; column: number; share: number }[] {
  const { classes, counts } = matrix;
  const { truth } = matrix.areas();
  const found: { row: number; column: number; share: number }[] = [];
  for (let row = 0; row < classes; row++) {
    if (truth[row] === 0) continue;
    for (let column = 0; column < classes; column++) {
      found.push({ row, column, share: counts[row * classes + column]! / truth[row]! });
    }
  }
  return found;
}

function scaleSvg(x: number, y: number, height: number): string {
  const steps = 40;
  const bars = Array.from({ length: steps }, (_, step) =>
    element('rect', {
      x,
      y: y + 8 + (step * height) / steps,
      width: 12,
      // Neighbours overlap, so that no white shows between them.
      height: height / steps + 0.5,
      fill: shade(1 - step / (steps - 1)),
    }),
  );
  const at = { anchor: 'middle' } as const;
  return label(x + 6, y - 4, '1', at) + bars.join('') + label(x + 6, y + height + 20, '0', at);
}

function shade(share: number): string {
  const place = Math.min(Math.max(share, 0), 1) * (SHADES.length - 1);
  const index = Math.min(Math.floor(place), SHADES.length - 2);
  const [from, to] = [SHADES[index]!, SHADES[index + 1]!];
  return `rgb(${from.map((value, channel) => Math.round(value + (to[channel]! - value) * (place - index)))})`;
}

/** Two digits; nothing for none, so that the errors stand out. */
function figureOf(share: number): string {
  if (share === 0) return '';
  return share < 0.005 ? '<0.01' : share.toFixed(2);
}
