/** @file The data of a training: opened, headers only, before anything else, and read in full before the first step. */

import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { OtxError } from '../base/errors.js';
import {
  type Dataset,
  type DatasetReport,
  ensurePseudoMasks,
  matchClasses,
  openDataset,
  openImageFolder,
  openUnlabeled,
  type UnlabeledImages,
  verifyDataset,
  verifyUnlabeled,
} from '../data/index.js';
import { allOfThem } from '../data/problems.js';
import { maskNames } from '../data/segments/pseudo-masks.js';
import type { TrainType } from '../templates/index.js';
import type { ResumeInfo } from './checkpoint.js';
import type { TrainEvent } from './events.js';
import { checkFingerprint, fingerprintOf, withoutClasses } from './fingerprint.js';
import type { CompleteConfig } from './train-options.js';

export interface TrainData {
  /** Images to learn from; in self-supervised training the only class is background and masks hold segments. */
  readonly trainSet: Dataset;
  /** Undefined where nothing is validated. */
  readonly validationSet: Dataset | undefined;
  /** Images without masks, for semi-supervised training. */
  readonly unlabeled?: UnlabeledImages | undefined;
  /** Recognises the data when a training goes on. */
  readonly fingerprints: ResumeInfo['data'];
  /**
   * Reads all files, so that a bad one is found now; in self-supervised training also makes the masks.
   * @returns what was found in the images to learn from, where they have labels.
   */
  readonly check: (options: CheckOptions) => Promise<DatasetReport | undefined>;
}

export interface CheckOptions {
  readonly workers: number;
  readonly onEvent: (event: TrainEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens what a configuration names.
 *
 * @param before the data of an interrupted run, which must be the same.
 * @throws OtxError `usage` for data that the kind of training cannot use, `dataset` for data sets that are wrong.
 */
export async function openTrainData(
  config: CompleteConfig,
  trainType: TrainType,
  before: ResumeInfo['data'] | undefined,
  signal: AbortSignal | undefined,
): Promise<TrainData> {
  const data = await openings[trainType](config, signal);
  const { trainSet, validationSet, unlabeled } = data;
  if (before) {
    checkFingerprint(trainSet, before.train);
    if (validationSet && before.validation) checkFingerprint(validationSet, before.validation);
    if (unlabeled && before.unlabeled) checkFingerprint(withoutClasses(unlabeled), before.unlabeled);
  }
  const fingerprints = {
    train: fingerprintOf(trainSet),
    ...(validationSet ? { validation: fingerprintOf(validationSet) } : {}),
    ...(unlabeled ? { unlabeled: fingerprintOf(withoutClasses(unlabeled)) } : {}),
  };
  return { ...data, fingerprints };
}

type OpenedData = Omit<TrainData, 'fingerprints'>;

const openings: {
  readonly [T in TrainType]: (config: CompleteConfig, signal: AbortSignal | undefined) => Promise<OpenedData>;
} = {
  Incremental: openLabeled,
  Semisupervised: openSemiLabeled,
  Selfsupervised: openImages,
};

/** Images with masks, to learn from and to validate on. */
type LabeledData = OpenedData & { readonly validationSet: Dataset };

async function openLabeled(config: CompleteConfig, signal: AbortSignal | undefined): Promise<LabeledData> {
  const reading = { useOtxAdapter: config.use_otx_adapter, signal };
  const [trainSet, opened] = await allOfThem<[Dataset, Dataset]>([
    () => openDataset(config.train_data_roots, reading),
    () => openDataset(config.val_data_roots as string, reading),
  ]);
  const { dataset: validationSet, notices } = matchClasses(opened, trainSet.classes, 'the training data');
  const check = async ({ workers, onEvent, signal }: CheckOptions) => {
    for (const message of notices) onEvent({ type: 'notice', message });
    const look = async (subset: 'train' | 'validation', dataset: Dataset) => {
      const report = await verifyDataset(dataset, {
        workers,
        onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
        signal,
      });
      onEvent({ type: 'data', subset, report });
      return report;
    };
    const [report] = await allOfThem<[DatasetReport, DatasetReport]>([
      () => look('train', trainSet),
      () => look('validation', validationSet),
    ]);
    return report;
  };
  return { trainSet, validationSet, check };
}

async function openSemiLabeled(config: CompleteConfig, signal: AbortSignal | undefined): Promise<OpenedData> {
  const { unlabeled_data_roots: root, unlabeled_file_list: fileList } = config;
  if (fileList === undefined) await checkOutside(config.output, root as string);
  const [labeled, unlabeled] = await allOfThem<[LabeledData, UnlabeledImages]>([
    () => openLabeled(config, signal),
    () => openUnlabeled(root as string, { fileList }),
  ]);
  const check = async (options: CheckOptions) => {
    const { workers, onEvent, signal } = options;
    const [report, warnings] = await allOfThem<[DatasetReport | undefined, readonly string[]]>([
      () => labeled.check(options),
      () =>
        verifyUnlabeled(unlabeled, {
          workers,
          onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
          signal,
        }),
    ]);
    for (const message of warnings) onEvent({ type: 'notice', message });
    onEvent({ type: 'notice', message: `unlabeled images ${root}: ${unlabeled.images.length}` });
    return report;
  };
  return { ...labeled, unlabeled, check };
}

/** Beside the folders of runs, so that the next run on the same images finds them. */
export const PSEUDO_MASK_FOLDER = 'detcon_mask';
/** A backbone knows no classes; a checkpoint names at least one. */
const NO_CLASSES = [{ name: 'background', color: [0, 0, 0] }] as const;

async function openImages({ train_data_roots, output }: CompleteConfig): Promise<OpenedData> {
  await checkOutside(output, train_data_roots);
  const folder = join(dirname(output), PSEUDO_MASK_FOLDER);
  if (await isWithin(folder, train_data_roots)) {
    throw new OtxError(
      'usage',
      `pseudo masks would be written to ${folder}, over the images to learn from; choose an output folder elsewhere`,
    );
  }
  const images = await openImageFolder(train_data_roots);
  const names = maskNames(images.images.map(({ id }) => id));
  const trainSet: Dataset = {
    root: images.root,
    classes: NO_CLASSES,
    samples: images.images.map((image, i) => ({ ...image, maskPath: join(folder, names[i]!) })),
    // Values of pseudo masks are segments, not classes: nothing decodes them by this.
    decodeMask: { values: [], colors: [], colorsDeclared: false, useOtxAdapter: false },
    notices: [],
  };
  const check = async ({ workers, onEvent, signal }: CheckOptions) => {
    const { made, reused, warnings } = await ensurePseudoMasks(images, folder, {
      workers,
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'segment', done, total }),
      signal,
    });
    for (const message of warnings) onEvent({ type: 'notice', message });
    onEvent({ type: 'notice', message: `pseudo masks in ${folder}: ${made} made, ${reused} used again` });
    return undefined;
  };
  return { trainSet, validationSet: undefined, check };
}

/** The next look into the folder would take pictures and masks of the run for more images. */
async function checkOutside(output: string, images: string): Promise<void> {
  if (!(await isWithin(output, images))) return;
  throw new OtxError(
    'usage',
    `${output} lies inside the images to learn from (${images}), where its own pictures would be taken for more of them; ` +
      'choose an output folder elsewhere',
  );
}

/** Whether a path is a folder or something in it, by whatever links they are named. */
async function isWithin(path: string, folder: string): Promise<boolean> {
  const between = relative(await followed(folder), await followed(path));
  return between !== '..' && !between.startsWith(`..${sep}`) && !isAbsolute(between);
}

/** An absolute path without symbolic links, as far as it exists. */
async function followed(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await followed(dirname(path)), basename(path));
}
