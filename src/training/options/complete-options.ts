/** @file What a new training is asked for with what nobody has to say: its template, its kind, and validation data beside its data. */

import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { findSubset, isDataset, listSubsets, roleOf } from '../../data/index.js';
import { settingsOf } from '../../settings/index.js';
import { DEFAULT_TEMPLATE, type TrainType } from '../../templates/index.js';
import type { TrainOptions } from './train-options.js';
import { chooseTrainType, WAYS_TO_VALIDATE } from './train-type.js';

/** A request in which nothing is left to be found out but the settings. */
export interface CompleteRequest<O> {
  readonly options: O;
  readonly trainType: TrainType;
  /** What was found, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * @param options of which even the data may be missing, for who only wants to see what would be done.
 * @throws OtxError `usage` for settings that are not allowed, `dataset` for unlabeled images that cannot be opened.
 */
export async function completeOptions<O extends Partial<TrainOptions>>(
  options: O,
): Promise<CompleteRequest<O>> {
  const trainType = await chooseTrainType({ ...options, hyperParameters: settingsOf(options) });
  const validationData = trainType === 'Selfsupervised' ? undefined : await validationBeside(options);
  return {
    options: { ...options, ...(validationData === undefined ? {} : { validationData }) },
    trainType,
    notices: [
      ...(options.template === undefined
        ? [`the template is ${DEFAULT_TEMPLATE}, as none was named ("otx find" lists the others)`]
        : []),
      ...(validationData === undefined
        ? []
        : [`validation data: ${validationData}, found beside ${options.trainData}`]),
    ],
  };
}

/**
 * Data for validation in a folder beside that of the training data: `val` beside `train`, `valid2` beside `train2`.
 *
 * @returns undefined where something else was said, where the training data has a part of its own for it, and where there is none or
 * more than one.
 */
async function validationBeside(options: Partial<TrainOptions>): Promise<string | undefined> {
  const { trainData, dataFormat } = options;
  if (typeof trainData !== 'string' || WAYS_TO_VALIDATE.some((way) => options[way] !== undefined)) return;
  const own = basename(resolve(trainData));
  if (roleOf(own) !== 'train' || !(await isWhole(trainData, dataFormat))) return;
  const parent = dirname(trainData);
  const found: string[] = [];
  for (const name of await readdir(parent).catch((): string[] => [])) {
    if (roleOf(name) === 'val' && (await isDataset(join(parent, name)))) found.push(name);
  }
  const alike = found.filter((name) => suffixOf(name) === suffixOf(own));
  const [only, ...others] = alike.length > 0 ? alike : found;
  return only === undefined || others.length > 0 ? undefined : join(parent, only);
}

/** `2017` of `train2017` */
const suffixOf = (name: string): string => name.replace(/^[a-z]+/i, '');

/** Whether a data set has no part that is named for validation; whoever opens it says what is wrong with one that cannot be read. */
async function isWhole(root: string, format: string | undefined): Promise<boolean> {
  try {
    const names = await listSubsets(root, format);
    return names.length < 2 || findSubset(names, 'val') === undefined;
  } catch {
    return false;
  }
}
