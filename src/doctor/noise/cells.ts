/** @file What a label and a model say of the cells of an image: coarse enough to keep of every image of a data set. */

import { IGNORE_INDEX, type Size } from '../../data/index.js';
import { resizeMask } from '../../data/transforms/resize.js';

/** Pixels of the network input along the side of a cell: the networks see no finer than that. */
const CELL = 4;
/** Of a probability of 1, stored in a byte. */
export const CERTAIN = 255;

/** One image; all arrays are HW. */
export interface CellMap extends Size {
  /** The label; {@link IGNORE_INDEX} for what is not compared: ignored pixels, and what lies beside a border of labels. */
  readonly label: Uint8Array;
  /** The most probable class. */
  readonly guess: Uint8Array;
  /** How probable the model finds the guess, from 0 to {@link CERTAIN}. */
  readonly guessed: Uint8Array;
  /** How probable it finds the label. */
  readonly believed: Uint8Array;
}

/** The cells of every image of a model with that input. */
export const cellGrid = ({ width, height }: Size): Size => ({
  width: Math.ceil(width / CELL),
  height: Math.ceil(height / CELL),
});

/**
 * @param probabilities of the classes on the grid, [classes, H, W].
 * @param mask labels of the image, HW at `size`.
 */
export function cellsOf(probabilities: Float32Array, mask: Uint8Array, size: Size, grid: Size): CellMap {
  const area = grid.width * grid.height;
  const classes = probabilities.length / area;
  const label = withoutBorders(resizeMask(mask, size, grid), grid.width);
  const guess = new Uint8Array(area);
  const guessed = new Uint8Array(area);
  const believed = new Uint8Array(area);
  for (let i = 0; i < area; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (probabilities[k * area + i]! > probabilities[best * area + i]!) best = k;
    }
    guess[i] = best;
    guessed[i] = Math.round(CERTAIN * probabilities[best * area + i]!);
    const own = label[i]!;
    if (own < classes) believed[i] = Math.round(CERTAIN * probabilities[own * area + i]!);
  }
  return { ...grid, label, guess, guessed, believed };
}

/** Where two labels meet, people and models differ by a few pixels in every image, which says nothing. */
function withoutBorders(labels: Uint8Array, width: number): Uint8Array {
  const height = labels.length / width;
  return labels.map((label, i) => {
    const x = i % width;
    const y = (i - x) / width;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const isInside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
        if (isInside && labels[i + dy * width + dx] !== label) return IGNORE_INDEX;
      }
    }
    return label;
  });
}
