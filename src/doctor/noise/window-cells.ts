/** @file The cells of an image that a model looks at in windows: those of its windows, each at its place. */

import { IGNORE_INDEX, PIXEL_MEAN, type Size } from '../../data/index.js';
import type { RgbImage } from '../../drawing/overlay.js';
import { type Tile, windowStarts } from '../../inference/tiles/tile.js';
import { type CellMap, cellsOf } from './cells.js';

/** An image with its labels, HWC RGB and HW. */
export interface LabeledPicture extends Size {
  readonly picture: Uint8Array;
  readonly mask: Uint8Array;
}

/**
 * Where windows overlap, the later one counts. What a window has beyond the image is of the mean colour, and not compared.
 *
 * @param grid cells of a window.
 * @param probabilitiesOf of the classes on the grid, [classes, H, W].
 */
export async function cellsOfWindows(
  image: LabeledPicture,
  tile: Tile,
  grid: Size,
  probabilitiesOf: (window: RgbImage) => Promise<Float32Array>,
): Promise<CellMap> {
  const [across, down] = [grid.width / tile.width, grid.height / tile.height];
  const size = { width: Math.ceil(image.width * across), height: Math.ceil(image.height * down) };
  const area = size.width * size.height;
  const all = {
    label: new Uint8Array(area).fill(IGNORE_INDEX),
    ...{ guess: new Uint8Array(area), guessed: new Uint8Array(area), believed: new Uint8Array(area) },
  };
  for (const top of windowStarts(image.height, tile.height, tile.overlap)) {
    for (const left of windowStarts(image.width, tile.width, tile.overlap)) {
      const { picture, mask } = windowOf(image, { left, top, ...tile });
      const probabilities = await probabilitiesOf({ data: picture, ...sizeOf(tile) });
      const cells = cellsOf(probabilities, mask, sizeOf(tile), grid);
      const [x, y] = [Math.round(left * across), Math.round(top * down)];
      const columns = Math.min(grid.width, size.width - x);
      for (let row = 0; row < Math.min(grid.height, size.height - y); row++) {
        for (const name of ['label', 'guess', 'guessed', 'believed'] as const) {
          const from = cells[name].subarray(row * grid.width, row * grid.width + columns);
          all[name].set(from, (y + row) * size.width + x);
        }
      }
    }
  }
  return { ...size, ...all };
}

const sizeOf = ({ width, height }: Size): Size => ({ width, height });

function windowOf(
  { picture, mask, width, height }: LabeledPicture,
  window: { readonly left: number; readonly top: number } & Size,
): { readonly picture: Uint8Array; readonly mask: Uint8Array } {
  const area = window.width * window.height;
  const part = { picture: new Uint8Array(3 * area), mask: new Uint8Array(area).fill(IGNORE_INDEX) };
  for (let i = 0; i < 3 * area; i++) part.picture[i] = Math.round(PIXEL_MEAN[i % 3]!);
  const columns = Math.min(window.width, width - window.left);
  for (let row = 0; row < Math.min(window.height, height - window.top); row++) {
    const from = (window.top + row) * width + window.left;
    part.mask.set(mask.subarray(from, from + columns), row * window.width);
    part.picture.set(picture.subarray(3 * from, 3 * (from + columns)), 3 * row * window.width);
  }
  return part;
}
