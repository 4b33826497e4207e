/** @file Finds the images of a data set whose labels a trained model contradicts: where to look for mistakes of annotation. */

import { basename, join } from 'node:path';
import { checkOptions } from '../../base/check-options.js';
import { csvText, sixDigits } from '../../base/csv.js';
import { Outputs } from '../../base/outputs/outputs.js';
import {
  type ClassInfo,
  type Dataset,
  listedSamples,
  listSubsets,
  matchClasses,
  openDataset,
  settleClasses,
  verifyDataset,
} from '../../data/index.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import { openModel } from '../../inference/open-model.js';
import type { ModelOptions, OpenedModel } from '../../inference/opened-model.js';
import { requireProbabilities } from '../../inference/segment-picture.js';
import { MODEL_KINDS } from '../../inference/trained-model.js';
import { datasetInputs, joinInputs, weightsInputs } from '../../runs/inputs.js';
import { withProblemList } from '../../runs/problem-list.js';
import { kindsOf, type RunOptions } from '../../settings/run-vocabulary.js';
import { drawContradiction } from './draw-contradiction.js';
import { type RankedImage, rankDataset } from './rank-labels.js';

const WORKERS = 2;
/** How data sets are read. */
const READING = ['dataFormat', 'useOtxAdapter', 'assume', 'bands'] as const;
const DEFAULT_SHOWN = 20;

/** Where the ranking of all images goes, and the folder of the pictures. */
export const LABEL_FILES = { table: 'suspect_labels.csv', pictures: 'suspect_labels' } as const;

/** Which labels to look at, and with which model. */
export interface CheckLabelsOptions extends ModelOptions, Pick<RunOptions, (typeof READING)[number]> {
  /** Root of the data set (docs/data.md has the layouts). */
  readonly data: string;
  /** Name of the subset to look at. Default: all of them, ranked together. */
  readonly subset?: string | undefined;
  /** Look at these images alone: a text file with one a line, such as `split/val.txt` of a run. Default: at all. */
  readonly list?: string | undefined;
  /** Folder for the files. Default: none are written. */
  readonly output?: string | undefined;
  /** Of how many images a picture is drawn, the most suspicious first. Default 20. */
  readonly shown?: number | undefined;
}

/** An image with what speaks against its labels. */
export interface SuspectLabels {
  /** Path below the folder of images, without extension. */
  readonly name: string;
  /** Name of its subset; empty for a data set without any. */
  readonly subset: string;
  /** The image file. */
  readonly image: string;
  /** The file of its labels. */
  readonly labels: string;
  /** The larger, the more there is to look at; comparable within one data set and model only. 0 where nothing is contradicted. */
  readonly score: number;
  /** Share of the image, beside the borders between labels, where the model is sure of another class. */
  readonly share: number;
  /** Which label the model would change into which class there, by names, the largest share first. */
  readonly changes: readonly { readonly from: string; readonly to: string; readonly share: number }[];
  /** Labels, model and contradiction as a PNG; undefined for an image of which none was drawn. */
  readonly picture: string | undefined;
}

/** All images, those first that a person should look at first. */
export interface LabelCheck {
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** By falling score. */
  readonly images: readonly SuspectLabels[];
  /** The ranking as CSV; undefined without an output folder. */
  readonly table: string | undefined;
}

/**
 * Ranks the images of a data set by how surely a trained model contradicts their labels (confident learning, arXiv 1911.00068). The
 * model should not have been trained on them, or not for long: what it has learned by heart it does not contradict.
 *
 * @throws OtxError `dataset`, `checkpoint`, `output`, `usage`, or `aborted` when the signal fired.
 */
export async function checkLabels(options: CheckLabelsOptions): Promise<LabelCheck> {
  const kinds = {
    ...MODEL_KINDS,
    ...kindsOf(...READING),
    data: 'path',
    subset: 'string?',
    list: 'path?',
    output: 'path?',
    shown: 'number?',
  } as const;
  checkOptions('checkLabels()', options, kinds, namesUsedBy('predict'));
  const model = await openModel(options);
  try {
    requireProbabilities(model);
    const places = { folders: [{ path: options.data, what: 'the data set' }] };
    const verified = await withProblemList(options.output, () => openAll(options, model), places);
    return await checkVerified(verified, model, options);
  } finally {
    await model.dispose();
  }
}

/** A subset of which every file has been looked at. */
interface VerifiedSubset {
  readonly subset: string;
  readonly dataset: Dataset;
}

async function openAll(
  options: CheckLabelsOptions,
  { data: belongsTo }: OpenedModel,
): Promise<VerifiedSubset[]> {
  const { data, dataFormat: format, useOtxAdapter, assume, bands, list, signal, onEvent } = options;
  const names = options.subset === undefined ? await listSubsets(data, format) : [options.subset];
  const verified: VerifiedSubset[] = [];
  for (const subset of names) {
    const reading = { format, subset, useOtxAdapter, assume, bands, signal };
    const opened = await onlyListed(await openDataset(data, { ...reading, isLeftOpen: true }), list);
    const settled = await settleClasses(opened, { workers: WORKERS, signal, ...belongsTo });
    const { dataset } = await verifyDataset(settled, {
      ...{ workers: WORKERS, belongsTo },
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'check', done, total }),
    });
    verified.push({ subset, dataset });
  }
  return verified;
}

/** @throws OtxError `dataset` as {@link listedSamples}. */
async function onlyListed(dataset: Dataset, list: string | undefined): Promise<Dataset> {
  if (list === undefined) return dataset;
  const wanted = await listedSamples(dataset, list);
  return { ...dataset, samples: dataset.samples.filter((sample) => wanted.has(sample)) };
}

/** {@link checkLabels} for data of which every file has been looked at, and an opened model. */
async function checkVerified(
  verified: readonly VerifiedSubset[],
  model: OpenedModel,
  options: Pick<CheckLabelsOptions, 'data' | 'weights' | 'output' | 'shown' | 'onEvent' | 'signal'>,
): Promise<LabelCheck> {
  const { output, shown = DEFAULT_SHOWN, onEvent, signal } = options;
  const { classes } = model;
  const matched = verified.map(({ dataset }) => matchClasses(dataset, classes, 'the model'));
  const subsetOf = new Map(matched.map(({ dataset }, i) => [dataset, verified[i]!.subset]));
  for (const message of matched.flatMap(({ notices }) => notices)) onEvent?.({ type: 'notice', message });
  const outputs =
    output === undefined
      ? undefined
      : await Outputs.open({
          root: output,
          files: [LABEL_FILES.table],
          folders: [LABEL_FILES.pictures],
          inputs: joinInputs(
            ...verified.map(({ dataset }) => datasetInputs('the data set', options.data, dataset)),
            weightsInputs(options.weights),
          ),
        });
  try {
    const ranked = await rankDataset(
      matched.map(({ dataset }) => dataset),
      model,
      {
        workers: WORKERS,
        signal,
        onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'evaluate', done, total }),
      },
    );
    const pictures = new Map<RankedImage, string>();
    const drawn = outputs ? ranked.slice(0, shown).filter(({ score }) => score > 0) : [];
    for (const [at, image] of drawn.entries()) {
      const name = `${LABEL_FILES.pictures}/${String(at + 1).padStart(3, '0')}-${basename(image.sample.id)}.png`;
      const { cells: grid, marked, sample } = image;
      const picture = { sample, coding: image.dataset.decodeMask, guess: grid.guess, marked, grid };
      await outputs?.write(name, await drawContradiction(picture, classes));
      pictures.set(image, outputs!.path(name));
      onEvent?.({ type: 'progress', task: 'draw', done: at + 1, total: drawn.length });
    }
    const images = ranked.map((image) =>
      described(image, classes, subsetOf.get(image.dataset) ?? '', pictures.get(image)),
    );
    await outputs?.write(LABEL_FILES.table, tableOf(images));
    return { classes, images, table: output === undefined ? undefined : join(output, LABEL_FILES.table) };
  } finally {
    await outputs?.close();
  }
}

function described(
  { sample, score, share, changes }: RankedImage,
  classes: readonly ClassInfo[],
  subset: string,
  picture: string | undefined,
): SuspectLabels {
  const named = changes.map((change) => ({
    from: classes[change.label]!.name,
    to: classes[change.guess]!.name,
    share: change.share,
  }));
  const { id: name, imagePath: image, maskPath: labels } = sample;
  return { name, subset, image, labels, score, share, changes: named, picture };
}

function tableOf(images: readonly SuspectLabels[]): string {
  return csvText([
    ['image', 'subset', 'score', 'share', 'label', 'model', 'share of both'],
    ...images.map(({ name, subset, score, share, changes: [largest] }) => [
      name,
      subset,
      sixDigits(score),
      sixDigits(share),
      largest?.from ?? '',
      largest?.to ?? '',
      largest ? sixDigits(largest.share) : '',
    ]),
  ]);
}
