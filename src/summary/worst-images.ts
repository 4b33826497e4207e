/** @file The validation images that the model of a run gets most wrong, found by segmenting them once more. */

import { resolve } from 'node:path';
import { messageOf, OtxError } from '../base/errors.js';
import {
  createEvalLoader,
  type Dataset,
  type EvalLoader,
  matchClasses,
  type Size,
  settleClasses,
  verifyDataset,
} from '../data/index.js';
import type { RgbImage } from '../drawing/overlay.js';
import { drawWorst } from '../drawing/sheets/worst-sheet.js';
import { type ImageScore, ImageScores } from '../inference/image-scores.js';
import { openModel } from '../inference/open-model.js';
import type { ModelOptions, OpenedModel } from '../inference/opened-model.js';
import { tileFor } from '../inference/tiles/tile.js';
import { windowNetworkOf } from '../inference/tiles/window-network.js';
import { score } from '../inference/validate.js';
import { evenlySpaced } from '../methods/pictures.js';
import { openLabeledPair } from '../training/prepare/labeled-data.js';
import type { RunRecord } from './run-record.js';

const WORKERS = 2;
/** Rows of the sheet. */
const SHOWN = 6;

/** What was found, or why nothing could be. */
export type WorstImages =
  | {
      /** The lowest mean Dice first. */
      readonly images: readonly ImageScore[];
      readonly sheet: RgbImage;
      /** How many were looked at, and of how many. */
      readonly seen: number;
      readonly all: number;
    }
  | { readonly problem: string };

/** How to look. */
export interface WorstOptions extends Pick<ModelOptions, 'threads' | 'signal' | 'onEvent'> {
  /** Images that are looked at, evenly taken from all. */
  readonly most: number;
}

/** @throws OtxError `aborted` when the signal fired. */
export async function worstImages(record: RunRecord, options: WorstOptions): Promise<WorstImages> {
  try {
    return await find(record, options);
  } catch (error) {
    if (error instanceof OtxError && error.code === 'aborted') throw error;
    return { problem: messageOf(error) };
  }
}

async function find(
  { folder, config, best }: RunRecord,
  { most, threads, signal, onEvent = () => undefined }: WorstOptions,
): Promise<WorstImages> {
  if (!best) return { problem: 'nothing was validated' };
  if (config?.train_data_roots === undefined || config.from_program !== undefined) {
    return { problem: 'its data was that of a program, and is not to be had' };
  }
  const { validationSet } = await openLabeledPair({ ...config, output: folder }, {}, true, signal);
  const some = { ...validationSet, samples: evenlySpaced(validationSet.samples, most) };
  let model: OpenedModel | undefined;
  let loader: EvalLoader | undefined;
  try {
    model = await openModel({ weights: resolve(folder), threads, signal });
    const { classes, inputSize, classify, tiling } = model;
    const { dataset, indices } = await decided(some, model, signal);
    const isTiled = (size: Size) => tileFor(tiling, size) !== undefined;
    loader = createEvalLoader(dataset, { inputSize, workers: WORKERS, isTiled, ...(signal && { signal }) });
    const scores = new ImageScores({ classes: classes.length, scored: indices, kept: SHOWN });
    await score(loader, classify, {
      ...{ classes: classes.length, atOnce: model.atOnce, signal },
      windows: { tiling, network: windowNetworkOf(model) },
      onPrediction: (image) => scores.add(image),
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'evaluate', done, total }),
    });
    const { worst, all: images } = scores;
    const sorted = images.filter(({ mDice }) => !Number.isNaN(mDice)).sort((a, b) => a.mDice - b.mDice);
    const sheet = await drawWorst(worst, classes);
    return { images: sorted.slice(0, SHOWN), sheet, seen: images.length, all: validationSet.samples.length };
  } finally {
    await Promise.all([loader?.dispose(), model?.dispose()]);
  }
}

/** The data set with the classes of the model. */
async function decided(some: Dataset, { classes, data }: OpenedModel, signal: AbortSignal | undefined) {
  const settled = await settleClasses(some, { workers: WORKERS, signal, ...data });
  const { dataset } = await verifyDataset(settled, { workers: WORKERS, belongsTo: data, signal });
  return matchClasses(dataset, classes, 'the model');
}
