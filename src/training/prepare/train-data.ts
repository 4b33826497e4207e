/** @file The data of a training: opened, headers only, before anything else, and read in full before the first step. */

import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OtxError, option } from '../../base/errors.js';
import { checkPlace, Outputs } from '../../base/outputs/outputs.js';
import type { Inputs } from '../../base/outputs/places.js';
import { allOfThem } from '../../data/datasets/problems.js';
import { readingImages } from '../../data/datasets/settle-dataset.js';
import { settleUnlabeled } from '../../data/datasets/settle-unlabeled.js';
import {
  type DataInMemory,
  type Dataset,
  type DatasetReport,
  ensurePseudoMasks,
  matchClasses,
  openImageFolder,
  openUnlabeled,
  splitReport,
  type UnlabeledImages,
  type VerifiedDataset,
  verifyDataset,
  verifyUnlabeled,
} from '../../data/index.js';
import { maskNames } from '../../data/masks/mask-names.js';
import { parseBands } from '../../data/readings/bands.js';
import type { ResumeInfo } from '../../runs/checkpoint.js';
import type { TrainEvent } from '../../runs/events.js';
import { checkFingerprint, fingerprintOf, withoutClasses } from '../../runs/fingerprint.js';
import { datasetInputs, fileInputs, joinInputs, searchedInputs } from '../../runs/inputs.js';
import type { TrainType } from '../../templates/index.js';
import type { CompleteConfig } from '../options/train-options.js';
import { openLabeledPair, SPLIT_FILES } from './labeled-data.js';

export interface TrainData {
  /** Images to learn from; in self-supervised training the only class is background and masks hold segments. */
  readonly trainSet: Dataset;
  /** Undefined where nothing is validated. */
  readonly validationSet: Dataset | undefined;
  /** Images without masks, for semi-supervised training. */
  readonly unlabeled?: UnlabeledImages | undefined;
  /** Where no outputs may go. */
  readonly inputs: Inputs;
  /** Texts for the folder of a new run, by name: which images are learned from, and a meta file for them. */
  readonly files?: Readonly<Record<string, string>>;
  /** Recognises the data when a training goes on. */
  readonly fingerprints: ResumeInfo['data'];
  /**
   * Reads all files, so that a bad one is found now; in self-supervised training also makes the masks.
   */
  readonly check: (options: CheckOptions) => Promise<CheckedData>;
}

/** Data of which every file was read, so that it is known how. */
export interface CheckedData {
  readonly trainSet: Dataset;
  readonly validationSet: Dataset | undefined;
  /** What was found in the images to learn from, where they have labels. */
  readonly report: DatasetReport | undefined;
  readonly unlabeled?: UnlabeledImages | undefined;
}

/** Data that is in memory, in place of what the configuration names. */
export interface GivenData {
  readonly train?: DataInMemory | undefined;
  readonly validation?: DataInMemory | undefined;
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
  given: GivenData,
  trainType: TrainType,
  before: ResumeInfo['data'] | undefined,
  signal: AbortSignal | undefined,
): Promise<TrainData> {
  const data = await openings[trainType](config, given, signal, before !== undefined);
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
  readonly [T in TrainType]: (
    config: CompleteConfig,
    given: GivenData,
    signal: AbortSignal | undefined,
    isResumed: boolean,
  ) => Promise<OpenedData>;
} = {
  Incremental: openLabeled,
  Semisupervised: openSemiLabeled,
  Selfsupervised: openImages,
};

/** Images with masks, to learn from and to validate on. */
type LabeledData = OpenedData & { readonly validationSet: Dataset };

async function openLabeled(
  config: CompleteConfig,
  given: GivenData,
  signal: AbortSignal | undefined,
  isResumed: boolean,
): Promise<LabeledData> {
  const {
    trainSet,
    validationSet: opened,
    files,
    ...pair
  } = await openLabeledPair(config, given, isResumed, signal);
  const numbering = { classes: trainSet.classes, owner: 'the training data' };
  const matched = matchClasses(opened, numbering.classes, numbering.owner);
  const validationSet = matched.dataset;
  const notices = [...matched.notices, ...pair.notices];
  const check = async ({ workers, onEvent, signal }: CheckOptions) => {
    for (const message of notices) onEvent({ type: 'notice', message });
    // What is drawn is other pictures in each epoch: there is nothing to look at beforehand.
    if (isDrawn(trainSet) && isDrawn(validationSet)) return { trainSet, validationSet, report: undefined };
    const look = async (subset: 'train' | 'validation', dataset: Dataset, belongsTo?: Dataset) => {
      const verified = await verifyDataset(dataset, {
        workers,
        belongsTo,
        numbering: subset === 'validation' ? numbering : undefined,
        isForTraining: subset === 'train',
        onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
        signal,
      });
      onEvent({ type: 'data', subset, report: verified.report });
      return verified;
    };
    let train: Dataset | undefined;
    const [learned, validated] = await allOfThem<[VerifiedDataset, VerifiedDataset]>([
      async () => {
        const verified = await look('train', trainSet);
        train = verified.dataset;
        return verified;
      },
      () => look('validation', opened, train),
    ]);
    if (files[SPLIT_FILES.train] !== undefined) {
      onEvent({ type: 'split', report: splitReport(learned.report, validated.report) });
    }
    return {
      trainSet: learned.dataset,
      validationSet: validated.dataset,
      report: learned.report,
    };
  };
  const inputs = joinInputs(
    datasetInputs('the training data', given.train ?? config.train_data_roots, trainSet),
    datasetInputs(
      'the validation data',
      given.validation ?? config.val_data_roots ?? config.train_data_roots,
      validationSet,
    ),
    fileInputs('the list of images', config.train_list, config.val_list),
  );
  return { trainSet, validationSet, inputs, files, check };
}

const isDrawn = ({ samples }: Dataset): boolean => samples.every(({ drawn }) => drawn !== undefined);

async function openSemiLabeled(
  config: CompleteConfig,
  given: GivenData,
  signal: AbortSignal | undefined,
  isResumed: boolean,
): Promise<OpenedData> {
  const { unlabeled_data_roots: root, unlabeled_file_list: fileList } = config;
  const [labeled, unlabeled] = await allOfThem<[LabeledData, UnlabeledImages]>([
    () => openLabeled(config, given, signal, isResumed),
    () => openUnlabeled(root as string, { fileList, signal }),
  ]);
  const what = 'the unlabeled images';
  const paths = unlabeled.images.map(({ imagePath }) => imagePath);
  const isFolder = (await stat(root as string).catch(() => undefined))?.isDirectory() === true;
  const inputs = joinInputs(
    labeled.inputs,
    isFolder
      ? searchedInputs(what, [root as string], paths)
      : { images: paths.map((path) => ({ path, what })), ...fileInputs('the list of images', root) },
    fileInputs('the list of images', fileList),
  );
  const check = async (options: CheckOptions) => {
    const { workers, onEvent, signal } = options;
    let reading = labeled.trainSet.imageReading;
    const readAlike = () => ({ ...unlabeled, reading });
    const [checked, warnings] = await allOfThem<[CheckedData, readonly string[]]>([
      async () => {
        const found = await labeled.check(options);
        reading = found.trainSet.imageReading;
        return found;
      },
      () =>
        verifyUnlabeled(readAlike(), {
          workers,
          onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
          signal,
        }),
    ]);
    for (const message of warnings) onEvent({ type: 'notice', message });
    onEvent({ type: 'notice', message: `unlabeled images ${root}: ${unlabeled.images.length}` });
    return { ...checked, unlabeled: readAlike() };
  };
  return { ...labeled, unlabeled, inputs, check };
}

/** Beside the folders of runs, so that the next run on the same images finds them. */
export const PSEUDO_MASK_FOLDER = 'detcon_mask';
/** A backbone knows no classes; a checkpoint names at least one. */
const NO_CLASSES = [{ name: 'background', color: [0, 0, 0] }] as const;

async function openImages(
  { train_data_roots, output, bands: chosen }: CompleteConfig,
  given: GivenData,
  signal: AbortSignal | undefined,
): Promise<OpenedData> {
  if (given.train || train_data_roots === undefined) {
    throw new OtxError(
      'usage',
      `self-supervised training takes a folder of images as ${option('trainData')}`,
    );
  }
  const bands = parseBands(chosen);
  const asked = bands && { bands };
  const images = await openImageFolder(train_data_roots, { signal });
  const paths = images.images.map(({ imagePath }) => imagePath);
  const inputs = searchedInputs('the images to learn from', [train_data_roots], paths);
  const folder = join(dirname(output), PSEUDO_MASK_FOLDER);
  for (const place of [output, folder]) await checkPlace(place, inputs);
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
    const { images: alike, notices } = await settleUnlabeled(images, { asked, workers, signal });
    for (const message of notices) onEvent({ type: 'notice', message });
    const masks = await Outputs.open({ root: folder, folders: [folder], inputs });
    const { made, reused, warnings } = await ensurePseudoMasks(alike, masks, {
      workers,
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'segment', done, total }),
      signal,
    }).finally(() => masks.close());
    for (const message of warnings) onEvent({ type: 'notice', message });
    onEvent({ type: 'notice', message: `pseudo masks in ${folder}: ${made} made, ${reused} used again` });
    const read = alike.reading ? readingImages(trainSet, alike.reading) : trainSet;
    return { trainSet: read, validationSet: undefined, report: undefined };
  };
  return { trainSet, validationSet: undefined, inputs, check };
}
