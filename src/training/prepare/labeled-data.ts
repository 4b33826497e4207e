/** @file Which images of labeled data to learn from, and which to validate on. */

import { access, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { allOfThem, listSome } from '../../data/datasets/problems.js';
import { sharedImages } from '../../data/datasets/shared-images.js';
import {
  type DataInMemory,
  type DataSource,
  type Dataset,
  findSubset,
  formatList,
  listedSamples,
  listSubsets,
  openDataset,
  openSource,
  settleClasses,
  settleDataset,
  splitDataset,
} from '../../data/index.js';
import type { CompleteConfig } from '../options/train-options.js';

/** Where a run keeps which images it learns from. */
export const SPLIT_FILES = { train: 'split/train.txt', validation: 'split/val.txt' } as const;
/**
 * The list of the images that a run keeps to validate on, for a run whose data was divided.
 *
 * @param folder of the run.
 * @returns its path, to be given as `valList`; undefined for a run with validation data of its own.
 */
export async function splitOfRun(folder: string): Promise<string | undefined> {
  const list = join(folder, SPLIT_FILES.validation);
  return access(list).then(
    () => list,
    () => undefined,
  );
}

/** Its name must be none that makes a folder a data set. */
export const PROPOSED_META_FILE = 'proposed_dataset_meta.json';

/** Labeled data before its classes have been compared. */
export interface LabeledPair {
  readonly trainSet: Dataset;
  readonly validationSet: Dataset;
  /** What to say before the check, one sentence each. */
  readonly notices: readonly string[];
  /** Texts for the run folder, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Opens the data of a training. Without validation data of its own, what is validated on is: what a list says; else a part by
 * `folds` or `val_share`; else the subset of the training data that is named for it; else a fifth of the images.
 *
 * @param isResumed whether the run has kept its lists, which are used as they are.
 * @throws OtxError as {@link openDataset} and {@link splitDataset}.
 */
export async function openLabeledPair(
  config: CompleteConfig,
  given: { readonly train?: DataInMemory | undefined; readonly validation?: DataInMemory | undefined },
  isResumed: boolean,
  signal: AbortSignal | undefined,
): Promise<LabeledPair> {
  const train = given.train ?? (config.train_data_roots as string);
  const validation = given.validation ?? config.val_data_roots;
  const pair = await (validation === undefined
    ? openAlone(config, isResumed, signal)
    : openBoth(config, { train, validation }, signal));
  const { proposedMeta } = pair.trainSet;
  if (!config.write_meta || isResumed) return pair;
  if (!proposedMeta) {
    const notice = 'the classes are declared by the data, so that there is no meta file to propose';
    return { ...pair, notices: [...pair.notices, notice] };
  }
  const files = { ...pair.files, [PROPOSED_META_FILE]: `${JSON.stringify(proposedMeta, null, 2)}\n` };
  return { ...pair, files };
}

function readingOf(
  { data_format: format, use_otx_adapter: useOtxAdapter, assume, bands }: CompleteConfig,
  signal: AbortSignal | undefined,
) {
  return { format, useOtxAdapter, assume, bands, signal };
}

async function openBoth(
  config: CompleteConfig,
  sources: { readonly train: DataSource; readonly validation: DataSource },
  signal: AbortSignal | undefined,
): Promise<LabeledPair> {
  const reading = readingOf(config, signal);
  const [trainSet, validationSet] = await openInOrder(
    () => openSource(sources.train, { ...reading, role: 'train' }),
    () => openSource(sources.validation, { ...reading, role: 'val', isLeftOpen: true }),
    signal,
  );
  const isSame = await shareImages(sources, trainSet, validationSet);
  const notice = `${validationSet.root}: is also the training data, so that scores say nothing about images that were not learned`;
  if (isSame) return { trainSet, validationSet, notices: [notice], files: {} };
  const { dataset, notices } = await withoutShared(validationSet, trainSet, signal);
  return { trainSet, validationSet: dataset, notices, files: {} };
}

/** What validation data leaves open is read as the training data was. */
function openInOrder(
  openTrain: () => Promise<Dataset>,
  openValidation: () => Promise<Dataset>,
  signal: AbortSignal | undefined,
): Promise<[Dataset, Dataset]> {
  let train: Dataset | undefined;
  return allOfThem<[Dataset, Dataset]>([
    async () => {
      train = await openTrain();
      return train;
    },
    async () => settleClasses(await openValidation(), { signal, readings: train?.readings }),
  ]);
}

/** Images that are learned from say nothing about others. */
async function withoutShared(
  dataset: Dataset,
  trainSet: Dataset,
  signal: AbortSignal | undefined,
): Promise<{ readonly dataset: Dataset; readonly notices: readonly string[] }> {
  const { root, samples } = dataset;
  const shared = await sharedImages(dataset, trainSet, signal);
  if (shared.size === 0) return { dataset, notices: [] };
  const what = `${root}: ${shared.size} of its ${samples.length} images are training data as well, byte by byte`;
  if (shared.size === samples.length) {
    return { dataset, notices: [`${what}, so that scores say nothing about images that were not learned`] };
  }
  const names = listSome([...shared].map(({ id }) => id));
  const left = { ...dataset, samples: samples.filter((sample) => !shared.has(sample)) };
  return { dataset: left, notices: [`${what}, and left out of validation: ${names}`] };
}

/** Whether the same images are in both. */
async function shareImages(
  sources: { readonly train: DataSource; readonly validation: DataSource },
  trainSet: Dataset,
  validationSet: Dataset,
): Promise<boolean> {
  const { train, validation } = sources;
  if (typeof train !== 'string' || typeof validation !== 'string') return train === validation;
  const [ours, theirs] = await Promise.all([trainSet.root, validationSet.root].map((root) => realpath(root)));
  const learned = new Set(trainSet.samples.map(({ imagePath }) => relative(trainSet.root, imagePath)));
  return (
    ours === theirs &&
    validationSet.samples.some(({ imagePath }) => learned.has(relative(validationSet.root, imagePath)))
  );
}

async function openAlone(
  config: CompleteConfig,
  isResumed: boolean,
  signal: AbortSignal | undefined,
): Promise<LabeledPair> {
  const { val_share, folds, train_list, val_list } = config;
  // Images in memory come with others to validate on.
  const root = config.train_data_roots as string;
  const reading = readingOf(config, signal);
  const names = await listSubsets(root, reading.format);
  const own = names.length > 1 ? findSubset(names, 'val') : undefined;
  const isAsked = [val_share, folds, train_list, val_list].some((value) => value !== undefined);
  if (own !== undefined && !isAsked) {
    const [trainSet, validationSet] = await openInOrder(
      () => openDataset(root, { ...reading, role: 'train' }),
      () => openDataset(root, { ...reading, subset: own, isLeftOpen: true }),
      signal,
    );
    return { trainSet, validationSet, notices: [`validation data: the subset ${own} of ${root}`], files: {} };
  }
  const whole = await openDataset(root, { ...reading, role: 'train' });
  if (isResumed) return byLists(whole, runLists(config.output), false);
  if (train_list !== undefined || val_list !== undefined) {
    return byLists(whole, { train: train_list, validation: val_list }, true);
  }
  return divided(config, whole, signal);
}

const runLists = (output: string) => ({
  train: join(output, SPLIT_FILES.train),
  validation: join(output, SPLIT_FILES.validation),
});

async function divided(
  { seed, val_share: share, folds, fold }: CompleteConfig,
  opened: Dataset,
  signal: AbortSignal | undefined,
): Promise<LabeledPair> {
  // What each image shows is known once it is how masks are read.
  const whole = await settleDataset(opened, { signal });
  const { train, validation, groups } = await splitDataset(whole, { share, folds, fold, seed, signal });
  const { root, samples } = whole;
  const part = folds === undefined ? '' : `part ${fold ?? 1} of ${folds}, `;
  const together = groups < samples.length ? ` and alike images stay together (${groups} groups)` : '';
  const notices = [
    `validation data: ${part}${validation.samples.length} of the ${samples.length} images of ${root}, chosen with seed ${seed} so ` +
      `that classes are spread alike${together}; ${SPLIT_FILES.train} and ${SPLIT_FILES.validation} of the run list both`,
  ];
  return { trainSet: train, validationSet: validation, notices, files: listsOf(train, validation) };
}

const listsOf = (train: Dataset, validation: Dataset): Record<string, string> => ({
  [SPLIT_FILES.train]: formatList(train.samples),
  [SPLIT_FILES.validation]: formatList(validation.samples),
});

interface Lists {
  readonly train: string | undefined;
  readonly validation: string | undefined;
}

/** What is in one list alone leaves the rest to the other part. */
async function byLists(whole: Dataset, lists: Lists, isNew: boolean): Promise<LabeledPair> {
  const [learned, validated] = await Promise.all(
    [lists.train, lists.validation].map((list) =>
      list === undefined ? undefined : listedSamples(whole, list),
    ),
  );
  const both = whole.samples.filter((sample) => learned?.has(sample) && validated?.has(sample));
  if (both.length > 0) {
    throw new OtxError(
      'dataset',
      `${lists.train} and ${lists.validation} both list ${listSome(both.map(({ id }) => id))}; scores on images that were ` +
        'learned say nothing',
    );
  }
  const trainSet = {
    ...whole,
    samples: whole.samples.filter((each) => learned?.has(each) ?? !validated?.has(each)),
  };
  const validationSet = {
    ...whole,
    samples: whole.samples.filter((each) => validated?.has(each) ?? !learned?.has(each)),
  };
  if (trainSet.samples.length === 0 || validationSet.samples.length === 0) {
    throw new OtxError(
      'dataset',
      `${lists.train ?? lists.validation}: lists all ${whole.samples.length} images of ${whole.root}, so that none is left`,
    );
  }
  return { trainSet, validationSet, notices: [], files: isNew ? listsOf(trainSet, validationSet) : {} };
}
