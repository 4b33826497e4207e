/** @file Which kind of training a request is for. */

import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { OtxError, option } from '../../base/errors.js';
import { type DataSource, isDataset, openUnlabeled } from '../../data/index.js';
import type { HyperParameterOverrides } from '../../settings/index.js';
import type { TrainType } from '../../templates/index.js';

/** What the choice depends on. */
export interface TrainTypeRequest {
  readonly trainData?: DataSource | undefined;
  readonly validationData?: DataSource | undefined;
  readonly trainList?: string | undefined;
  readonly valList?: string | undefined;
  readonly valShare?: number | undefined;
  readonly folds?: number | undefined;
  readonly fold?: number | undefined;
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
export async function chooseTrainType(request: TrainTypeRequest): Promise<TrainType> {
  const { trainData, unlabeledData, unlabeledFileList, hyperParameters, signal } = request;
  const asked = hyperParameters?.algo_backend?.train_type;
  if (asked !== undefined) return asked;
  const isAlone = WAYS_TO_VALIDATE.every((name) => request[name] === undefined);
  if (isAlone && typeof trainData === 'string' && (await isImageFolder(trainData))) return 'Selfsupervised';
  if (unlabeledData === undefined) return 'Incremental';
  const { images } = await openUnlabeled(unlabeledData, { fileList: unlabeledFileList, signal });
  return images.length > 1 ? 'Semisupervised' : 'Incremental';
}

/** What the kind of training needs besides images to learn from, and what it has no use for. */
export function checkTrainData(trainType: TrainType, request: TrainTypeRequest): void {
  const { unlabeledData, unlabeledFileList, hyperParameters } = request;
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
  const ways = WAYS_TO_VALIDATE.filter((name) => request[name] !== undefined);
  if (trainType !== 'Selfsupervised') {
    checkSplit(ways, request);
    return;
  }
  const [way] = ways;
  if (way === undefined) return;
  throw new OtxError(
    'usage',
    `self-supervised training does not validate: leave out ${option(way)} ${told(request[way])}, or choose another ` +
      option('algo_backend.train_type'),
  );
}

/** Data in memory has no name. */
const told = (value: unknown) => (typeof value === 'object' ? 'in memory' : value);

/** Options that say what to validate on. */
export const WAYS_TO_VALIDATE = [
  'validationData',
  'valShare',
  'folds',
  'fold',
  'trainList',
  'valList',
] as const;

/** @throws OtxError `usage` for options that contradict each other. */
function checkSplit(ways: readonly (typeof WAYS_TO_VALIDATE)[number][], request: TrainTypeRequest): void {
  const { folds, fold, trainData, validationData } = request;
  if (typeof trainData === 'object' && validationData === undefined) {
    throw new OtxError(
      'usage',
      `images in memory are not divided: give others as ${option('validationData')}`,
    );
  }
  if (fold !== undefined && (folds === undefined || fold > folds)) {
    const reason =
      folds === undefined
        ? `goes with ${option('folds')}, which is missing`
        : `is more than the ${folds} parts of ${option('folds')}`;
    throw new OtxError('usage', `${option('fold')} ${fold} ${reason}`);
  }
  // The two lists are one way, and a number of a part is none.
  const [first, second] = ways.filter(
    (way) => way !== 'fold' && !(way === 'trainList' && ways.includes('valList')),
  );
  if (first === undefined || second === undefined) return;
  throw new OtxError(
    'usage',
    `${option(first)} ${told(request[first])} and ${option(second)} ${told(request[second])} both say what to validate on; leave one of ` +
      'them out',
  );
}

const IMAGE_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.gif', '.tif', '.tiff', '.webp', '.avif'];
/** Whether images lie directly in the folder, and nothing says that it is a data set with masks. */
async function isImageFolder(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => []);
  const hasImages = names.some(
    (name) => !name.startsWith('.') && IMAGE_EXTENSIONS.includes(extname(name).toLowerCase()),
  );
  return hasImages && !names.includes('masks') && !(await isDataset(folder));
}
