/** @file What a network needs to see: parts of a picture are covered one after the other, and what is lost of each class is told. */

import { throwIfAborted } from '../../base/abortable.js';
import type { Size } from '../../data/index.js';
import type { WindowNetwork } from '../tiles/classify-tiles.js';
import type { GrayMap } from './activation.js';

/** Patches along each side. */
export const PATCHES = 8;

/**
 * Covers each of 8x8 patches by the mean colour that networks are trained with.
 *
 * @param planes [3, H, W] of the network input.
 * @returns for each class a map of a value for each patch: the share of the class's probability, summed over the picture, that is lost
 * while the patch is covered; 0 where it grows, 1 where nothing is left.
 * @throws OtxError `aborted` when the signal fired.
 */
export async function occlusionMaps(
  planes: Float32Array,
  network: Pick<WindowNetwork, 'classes' | 'inputSize' | 'probabilities'>,
  signal: AbortSignal | undefined,
): Promise<GrayMap[]> {
  const { classes, inputSize } = network;
  const whole = sharesOf(await network.probabilities(planes), classes);
  const maps = whole.map(() => ({
    width: PATCHES,
    height: PATCHES,
    data: new Float32Array(PATCHES * PATCHES),
  }));
  for (let patch = 0; patch < PATCHES * PATCHES; patch++) {
    throwIfAborted(signal, 'covering parts of a picture');
    const hidden = covered(planes, inputSize, patch % PATCHES, Math.floor(patch / PATCHES));
    const shares = sharesOf(await network.probabilities(hidden), classes);
    for (const [k, share] of shares.entries()) {
      maps[k]!.data[patch] = whole[k]! > 0 ? Math.max(0, 1 - share / whole[k]!) : 0;
    }
  }
  return maps;
}

/** A normalised pixel of the mean colour is 0. */
function covered(planes: Float32Array, { width, height }: Size, column: number, row: number): Float32Array {
  const copy = planes.slice();
  const [left, right] = [column, column + 1].map((at) => Math.round((at * width) / PATCHES)) as [
    number,
    number,
  ];
  const [top, bottom] = [row, row + 1].map((at) => Math.round((at * height) / PATCHES)) as [number, number];
  for (let colour = 0; colour < 3; colour++) {
    for (let y = top; y < bottom; y++) {
      const start = (colour * height + y) * width;
      copy.fill(0, start + left, start + right);
    }
  }
  return copy;
}

/** The sum of each class's probabilities. */
function sharesOf(probabilities: Float32Array, classes: number): number[] {
  const area = probabilities.length / classes;
  return Array.from({ length: classes }, (_, k) => {
    let sum = 0;
    for (let i = k * area; i < (k + 1) * area; i++) sum += probabilities[i]!;
    return sum;
  });
}
