/** @file Looks at a data set as a careful person would before a training, and tells what is wrong or odd with it. */

import { abortable } from '../../base/abortable.js';
import { checkOptions } from '../../base/check-options.js';
import { Outputs } from '../../base/outputs/outputs.js';
import type { MaskCoding } from '../../data/index.js';
import { mapConcurrent } from '../../data/loaders/concurrent.js';
import { acquirePool, DEFAULT_WORKERS, letGo } from '../../data/loaders/pool.js';
import { datasetInputs, joinInputs } from '../../runs/inputs.js';
import { withProblemList } from '../../runs/problem-list.js';
import { kindsOf } from '../../settings/run-vocabulary.js';
import { findAll } from './find-all.js';
import { type ExaminedImage, type FindingKind, type Found, KINDS } from './finding.js';
import { type OpenSubsetsOptions, openSubsets, READING, type ReadSubset } from './open-subsets.js';
import { findingsPage } from './page/findings-page.js';

/** What is written into the output folder. */
export const FINDING_FILES = { list: 'findings.json', page: 'findings.html' } as const;

/** Which data set to examine. */
export interface ExamineDatasetOptions extends OpenSubsetsOptions {
  /** Folder for `findings.json`, and the page. Default: nothing is written. */
  readonly output?: string | undefined;
  /** Whether `findings.html` is written as well: one file with a picture of each finding, to be sent to whoever labels. Default false. */
  readonly page?: boolean | undefined;
}

/** An image that a finding is about. */
export interface FoundImage {
  /** Name of its subset; empty for a data set without any. */
  readonly subset: string;
  /** Path below the folder of images, without extension. */
  readonly name: string;
  /** The image file. */
  readonly image: string;
  /** The file of its labels. */
  readonly labels: string;
}

/** Something that is wrong or odd. */
export interface Finding {
  /** In one word. */
  readonly kind: FindingKind;
  /** What findings of this kind have in common, in a few words. */
  readonly title: string;
  /** What a person can do. */
  readonly remedy: string;
  /** What was found of these images, or of files and classes that it names. */
  readonly message: string;
  /** That to look at first first; none where it is about files or classes. */
  readonly images: readonly FoundImage[];
}

/** What was found in a data set. */
export interface DatasetExamination {
  /** Name and number of usable images of each subset. */
  readonly subsets: readonly { readonly name: string; readonly images: number }[];
  /** By their weight: what spoils a training or its scores comes first. */
  readonly findings: readonly Finding[];
  /** Paths of what was written; undefined where it was not. */
  readonly files: { readonly list: string | undefined; readonly page: string | undefined };
}

/**
 * Decodes every image and mask of a data set and compares them with each other: files that cannot be used, copies within and
 * across subsets, labels that lie beside their objects, belong to another image or are missing, specks and traces of interpolation,
 * pictures that are blurred or empty, and classes that cannot be learned or scored. What is usual is learned from the data set
 * itself, so that few images tell little. Nothing is changed.
 *
 * @throws OtxError `dataset` as {@link checkDataset}, but for single bad files, which are findings; `usage`, `output`, or `aborted`
 * when the signal fired.
 */
export async function examineDataset(options: ExamineDatasetOptions): Promise<DatasetExamination> {
  checkOptions('examineDataset()', options, {
    ...kindsOf(...READING),
    data: 'path',
    output: 'path?',
    page: 'boolean?',
    onEvent: 'function?',
    signal: 'signal?',
  });
  const { data, output, page = false, signal, onEvent } = options;
  const places = { folders: [{ path: data, what: 'the data set' }] };
  const read = await withProblemList(output, () => openSubsets(options), places);
  const outputs =
    output === undefined
      ? undefined
      : await Outputs.open({
          root: output,
          files: [FINDING_FILES.list, ...(page ? [FINDING_FILES.page] : [])],
          inputs: joinInputs(
            ...read.subsets.map(({ root, dataset }) => datasetInputs('the data set', root, dataset)),
          ),
        });
  try {
    const images = await measureAll(read.subsets, options);
    const codings = new Map(read.subsets.map(({ name, dataset }) => [name, dataset.decodeMask]));
    const codingOf = ({ subset }: ExaminedImage): MaskCoding => codings.get(subset)!;
    const found = await findAll({ ...read, images, codingOf, signal });
    const subsets = read.subsets.map(({ name, dataset }) => ({ name, images: dataset.samples.length }));
    const findings = found.map(published);
    await outputs?.write(FINDING_FILES.list, `${JSON.stringify({ subsets, findings }, null, 2)}\n`);
    if (page && outputs) {
      const html = await findingsPage({
        ...{ data, subsets: read.subsets, found, codingOf, signal },
        onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'draw', done, total }),
      });
      await outputs.write(FINDING_FILES.page, html);
    }
    const at = (file: string, isWritten: boolean) => (isWritten ? outputs?.path(file) : undefined);
    return {
      subsets,
      findings,
      files: { list: at(FINDING_FILES.list, true), page: at(FINDING_FILES.page, page) },
    };
  } finally {
    await outputs?.close();
  }
}

async function measureAll(
  subsets: readonly ReadSubset[],
  { signal, onEvent }: ExamineDatasetOptions,
): Promise<ExaminedImage[]> {
  const jobs = subsets.flatMap(({ name, dataset }) =>
    dataset.samples.map((sample) => ({ subset: name, sample, coding: dataset.decodeMask })),
  );
  const pool = acquirePool(DEFAULT_WORKERS);
  let done = 0;
  try {
    return await mapConcurrent(jobs, 2 * pool.workers, async ({ subset, sample, coding }) => {
      const task = pool.run('measureSample', { sample, coding });
      const measures = await abortable(task, signal, 'images were compared');
      onEvent?.({ type: 'progress', task: 'compare', done: ++done, total: jobs.length });
      return { subset, sample, measures };
    });
  } finally {
    await letGo(pool, signal);
  }
}

function published({ kind, message, images }: Found): Finding {
  const { title, remedy } = KINDS[kind];
  return {
    ...{ kind, title, remedy, message },
    images: images.map(({ subset, sample: { id, imagePath, maskPath } }) => {
      return { subset, name: id, image: imagePath, labels: maskPath };
    }),
  };
}
