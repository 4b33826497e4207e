/** @file Scores a segmentation on a data set, one image at a time, at the original size of each image. */

import { OtxError } from '../base/errors.js';
import { toPlanes } from '../data/images/network-input.js';
import { openPictureRows } from '../data/images/picture-rows.js';
import { rowsOf } from '../data/images/rows.js';
import type { EvalItem, EvalLoader, Sample, Size } from '../data/index.js';
import { ConfusionMatrix } from '../runs/metrics.js';
import { type Classified, classify as classesOf } from './class-map.js';
import { type Forward, requireFinite } from './network.js';
import type { Classify } from './opened-model.js';
import { classifyTiles, type WindowNetwork } from './tiles/classify-tiles.js';
import { type Tiling, tileFor } from './tiles/tile.js';
import { windowNetworkOf } from './tiles/window-network.js';

export type { Forward };

export interface ScoreOptions {
  /** Classes, background included. */
  readonly classes: number;
  /** In which windows images are looked at that the loader gives at their own size. Default: it gives none. */
  readonly windows?: { readonly tiling: Tiling; readonly network: WindowNetwork } | undefined;
  /** Images that the network may work on at once. Default 1. */
  readonly atOnce?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Sees every image's classes, in the order of the loader. */
  readonly onPrediction?: ((image: ScoredImage) => void) | undefined;
}

export interface ValidateOptions extends Omit<ScoreOptions, 'windows'> {
  /** In which windows images are looked at that the loader gives at their own size. */
  readonly tiling?: Tiling | undefined;
  /** Size of the network input. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; default none, as while training. */
  readonly threshold?: number | undefined;
  /** Why there is no score where `forward` gives infinity, or what is no number. Default: it never does. */
  readonly problem?: (() => OtxError) | undefined;
}

/** True and predicted classes of one image, HW at its original size. */
export interface ScoredImage {
  readonly sample: Sample;
  readonly width: number;
  readonly height: number;
  readonly truth: Uint8Array;
  readonly prediction: Uint8Array;
}

/** {@link score} with a network in training. */
export function validate(
  loader: EvalLoader,
  forward: Forward,
  { inputSize, threshold, problem, tiling, ...options }: ValidateOptions,
): Promise<ConfusionMatrix> {
  const answer = { classes: { length: options.classes }, inputSize, threshold };
  const classify: Classify = async (picture, size, probabilities = false) => {
    const logits = await forward(toPlanes(picture, inputSize));
    return classesOf(problem ? requireFinite(logits, problem) : logits, answer, size, probabilities);
  };
  const network = windowNetworkOf({ ...answer, classify });
  return score(loader, classify, { ...options, windows: tiling && { tiling, network } });
}

/**
 * The confusion matrix of all images; its memory does not depend on their number.
 *
 * @throws OtxError `aborted` when the signal fires.
 */
export async function score(
  loader: EvalLoader,
  classify: Classify,
  { classes, windows, atOnce = 1, signal, onProgress, onPrediction }: ScoreOptions,
): Promise<ConfusionMatrix> {
  const matrix = new ConfusionMatrix(classes);
  let done = 0;
  const classesOfItem = async (item: EvalItem): Promise<Classified> => {
    const { image, isTiled, picture, sample, width, height } = item;
    if (!isTiled) return classify(image, { width, height });
    // Only a loader that was told of windows gives images at their own size, or none where they are too large for memory.
    const { tiling, network } = windows!;
    const rows = picture
      ? rowsOf({ data: picture, width, height })
      : await openPictureRows(sample.imagePath, sample.reading);
    return classifyTiles(rows, tileFor(tiling, rows)!, network, { signal });
  };
  const add = ({ item, answer: { labels: prediction } }: { item: EvalItem; answer: Classified }): void => {
    const { mask, width, height, sample } = item;
    matrix.add(mask, prediction);
    onPrediction?.({ sample, width, height, truth: mask, prediction });
    onProgress?.(++done, loader.length);
  };
  const stopIfAsked = () => {
    if (signal?.aborted) throw new OtxError('aborted', `stopped after ${done} of ${loader.length} images`);
  };
  // The network already works on the next images while this thread scores the last one; scores are told in the order of the loader.
  const underWay: Promise<{ item: EvalItem; answer: Classified }>[] = [];
  for await (const item of loader) {
    const next = classesOfItem(item).then((answer) => ({ item, answer }));
    // Its failure is reported when its turn comes.
    next.catch(() => undefined);
    underWay.push(next);
    if (underWay.length > atOnce) add(await underWay.shift()!);
    stopIfAsked();
  }
  for (const last of underWay) add(await last);
  stopIfAsked();
  return matrix;
}
