/** @file Pictures that a model has learned from: what they show need not be labeled again. */

import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OtxError, option } from '../../base/errors.js';
import { openDataset } from '../../data/index.js';
import { readTrainingConfig } from '../../training/options/training-config.js';

/** So many are looked at, evenly taken from all: as many as say what is covered. */
const MOST = 500;
const CONFIG_FILE = 'config.yaml';

/** What is labeled already. */
export interface LabeledPictures {
  readonly paths: readonly string[];
  /** What is to be said of them. */
  readonly notice: string;
}

/**
 * @param weights none where no model has learned yet.
 * @param trainData data set of any format; default: that of the run that the weights lie in, where it is known and still there.
 * @throws OtxError `dataset` for data that was named and cannot be used.
 */
export async function findLabeledPictures(
  weights: string | undefined,
  trainData: string | undefined,
  signal: AbortSignal | undefined,
): Promise<LabeledPictures> {
  if (weights === undefined && trainData === undefined)
    return { paths: [], notice: 'nothing is labeled yet: pictures that stand for many are chosen' };
  const data = trainData ?? (await learnedFrom(weights!));
  if (data === undefined) return unknown('which pictures the model has learned from is not known');
  try {
    const { samples } = await openDataset(data, { role: 'train', isLeftOpen: true, signal });
    const all = samples.map(({ imagePath }) => resolve(imagePath));
    const step = Math.max(all.length / MOST, 1);
    const paths = Array.from({ length: Math.min(all.length, MOST) }, (_, at) => all[Math.floor(at * step)]!);
    return { paths, notice: `${all.length} labeled pictures in ${data}: pictures unlike these are chosen` };
  } catch (error) {
    if (trainData !== undefined || !(error instanceof OtxError) || error.code === 'aborted') throw error;
    return unknown(`the pictures that the model has learned from cannot be read (${error.message})`);
  }
}

const unknown = (why: string): LabeledPictures => ({
  paths: [],
  notice: `${why}, so that some like them may be chosen; ${option('trainData')} names them`,
});

/** Undefined where nothing says so, and for data of a program's own. */
async function learnedFrom(weights: string): Promise<string | undefined> {
  for (const folder of [weights, dirname(dirname(resolve(weights)))]) {
    const file = join(folder, CONFIG_FILE);
    if (!(await stat(file).catch(() => undefined))?.isFile()) continue;
    const { trainData } = await readTrainingConfig(file).catch(() => ({ trainData: undefined }));
    if (typeof trainData === 'string') return trainData;
  }
  return undefined;
}
