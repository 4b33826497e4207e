/** @file Ranks the images of a data set by how much a trained model contradicts their labels. */

import { throwIfAborted } from '../../base/abortable.js';
import { networkInput } from '../../data/images/network-input.js';
import { createEvalLoader, type Dataset, type Sample } from '../../data/index.js';
import type { OpenedModel } from '../../inference/opened-model.js';
import { tileFor } from '../../inference/tiles/tile.js';
import { type CellMap, cellGrid, cellsOf } from './cells.js';
import { confidenceOf } from './confident.js';
import { type Contradiction, contradictionOf } from './score.js';
import { cellsOfWindows } from './window-cells.js';

/** An image with what speaks against its labels. */
export interface RankedImage extends Contradiction {
  readonly sample: Sample;
  /** The data set that it is from. */
  readonly dataset: Dataset;
  /** What the model says, cell by cell. */
  readonly cells: CellMap;
}

export interface RankOptions {
  /** Data threads. */
  readonly workers: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets the model segment every image twice. Keeps four bytes of each cell of 4x4 pixels of the network input, and one for what is
 * marked: 92 KB of an image at 544x544.
 *
 * @param datasets with the classes of the model; they are ranked together.
 * @returns the strongest contradiction first; of equal ones what comes first in the data set.
 * @throws OtxError `image` for one that cannot be read, `aborted` when the signal fires.
 */
export async function rankDataset(
  datasets: readonly Dataset[],
  { inputSize, classes, classify, tiling }: OpenedModel,
  { workers, onProgress, signal }: RankOptions,
): Promise<RankedImage[]> {
  const grid = cellGrid(inputSize);
  const maps: CellMap[] = [];
  /** The mean for the image and its mirror image, which is right more often than either. */
  const probabilitiesOf = async (planes: Float32Array<ArrayBuffer>): Promise<Float32Array> => {
    const straight = (await classify(planes, grid, true)).probabilities!;
    const mirrored = (await classify(mirror(planes, inputSize.width), grid, true)).probabilities!;
    const turned = mirror(mirrored, grid.width);
    return straight.map((value, i) => (value + turned[i]!) / 2);
  };
  const total = datasets.reduce((sum, { samples }) => sum + samples.length, 0);
  for (const dataset of datasets) {
    const loader = createEvalLoader(dataset, {
      ...{ inputSize, workers },
      isTiled: (size) => tileFor(tiling, size) !== undefined,
      ...(signal ? { signal } : {}),
    });
    try {
      for await (const { image, picture, mask, width, height } of loader) {
        throwIfAborted(signal, 'labels were compared');
        const tile = picture && tileFor(tiling, { width, height });
        maps.push(
          picture && tile
            ? await cellsOfWindows({ picture, mask, width, height }, tile, grid, (window) =>
                probabilitiesOf(networkInput(window, inputSize)),
              )
            : cellsOf(await probabilitiesOf(image), mask, { width, height }, grid),
        );
        onProgress?.(maps.length, total);
      }
    } finally {
      await loader.dispose();
    }
  }
  const confidence = confidenceOf(maps, classes.length);
  const images = datasets
    .flatMap((dataset) => dataset.samples.map((sample) => ({ dataset, sample })))
    .map((image, i) => ({ ...image, ...contradictionOf(maps[i]!, confidence), cells: maps[i]! }));
  return images.sort((a, b) => b.score - a.score);
}

/** Each row from right to left. */
function mirror(values: Float32Array, width: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values);
  for (let start = 0; start < result.length; start += width) result.subarray(start, start + width).reverse();
  return result;
}
