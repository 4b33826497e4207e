/** @file Which kind of training a request is for. */

import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { OtxError, option } from '../../base/errors.js';
import { openUnlabeled } from '../../data/index.js';
import type { HyperParameterOverrides } from '../../settings/index.js';
import type { TrainType } from '../../templates/index.js';

/** What the choice depends on. */
export interface TrainTypeRequest {
  readonly trainData?: string | undefined;
  readonly validationData?: string | undefined;
  readonly unlabeledData?: string | undefined;
  readonly unlabeledFileList?: string | undefined;
  readonly hyperParameters?: HyperParameterOverrides | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The kind of training: the one that was asked for (`algo_backend.train_type`), else self-supervised for a folder of images
 * without validation data, else semi-supervised where there are at least two unlabeled images, else supervised.
 *
 * @throws OtxError `dataset` for unlabeled images that cannot be opened.
 */
export async function chooseTrainType({
  trainData,
  validationData,
  unlabeledData,
  unlabeledFileList,
  hyperParameters,
  signal,
}: TrainTypeRequest): Promise<TrainType> {
  const asked = hyperParameters?.algo_backend?.train_type;
  if (asked !== undefined) return asked;
  const isAlone = trainData !== undefined && validationData === undefined;
  if (isAlone && (await isImageFolder(trainData))) return 'Selfsupervised';
  if (unlabeledData === undefined) return 'Incremental';
  const { images } = await openUnlabeled(unlabeledData, { fileList: unlabeledFileList, signal });
  return images.length > 1 ? 'Semisupervised' : 'Incremental';
}

/** What the kind of training needs besides images to learn from, and what it has no use for. */
export function checkTrainData(
  trainType: TrainType,
  { validationData, unlabeledData, unlabeledFileList, hyperParameters }: TrainTypeRequest,
): void {
  if (trainType === 'Semisupervised' && unlabeledData === undefined) {
    throw new OtxError(
      'usage',
      `semi-supervised training learns from unlabeled images as well: missing required option ${option('unlabeledData')}`,
    );
  }
  if (unlabeledFileList !== undefined && unlabeledData === undefined) {
    throw new OtxError(
      'usage',
      `the list ${unlabeledFileList} of ${option('unlabeledFileList')} names images relative to ` +
        `${option('unlabeledData')}, which is missing`,
    );
  }
  if (trainType !== 'Incremental' && hyperParameters?.learning_parameters?.enable_supcon) {
    throw new OtxError(
      'usage',
      `${option('learning_parameters.enable_supcon')} goes with ${option('algo_backend.train_type')} Incremental, not ` +
        `${trainType}; leave one of them out`,
    );
  }
  if (trainType === 'Selfsupervised') {
    if (validationData === undefined) return;
    throw new OtxError(
      'usage',
      `self-supervised training does not validate: leave out ${option('validationData')} ${validationData}, or choose ` +
        `another ${option('algo_backend.train_type')}`,
    );
  }
  if (validationData === undefined) {
    throw new OtxError(
      'usage',
      `missing required option ${option('validationData')} (self-supervised training, which needs none, takes a folder ` +
        `with images directly in it, or ${option('algo_backend.train_type')} Selfsupervised)`,
    );
  }
}

const IMAGE_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.gif'];
/** Names that only a data set with masks has. */
const DATASET_NAMES = ['masks', 'dataset_meta.json', 'meta.json'];

/** Whether images lie directly in the folder, and nothing says that it is a data set with masks. */
async function isImageFolder(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  return (
    !names.some((name) => DATASET_NAMES.includes(name)) &&
    names.some((name) => !name.startsWith('.') && IMAGE_EXTENSIONS.includes(extname(name).toLowerCase()))
  );
}
