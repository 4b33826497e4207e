/** @file A data set of any layout written in another one, with all of its subsets. */

import { checkOptions } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { allOfThem } from '../data/datasets/problems.js';
import {
  type ClassInfo,
  type Dataset,
  type DatasetToWrite,
  listSubsets,
  matchClasses,
  openDataset,
  verifyDataset,
  WRITERS,
} from '../data/index.js';
import type { JobEvent } from '../runs/events.js';
import { datasetInputs, joinInputs } from '../runs/inputs.js';

/** Names of the layouts that are written. */
export const CONVERT_FORMATS: readonly string[] = WRITERS.map(({ name }) => name);

/** What to convert, and into what. */
export interface ConvertOptions {
  /** Root of the data set. All of its subsets are written. */
  readonly data: string;
  /** Folder for the new data set. */
  readonly output: string;
  /** Layout to write: css, voc, coco, datumaro or cvat. */
  readonly to: string;
  /** Layout of the data set: docs/data.md has the names. Default: found out by the content of the folder. */
  readonly dataFormat?: string | undefined;
  /** Names of readings to choose where the files leave several open; see docs/data.md. */
  readonly assume?: string | undefined;
  /** Is told how the job goes on. */
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  /** Stops; what has been written so far stays. */
  readonly signal?: AbortSignal | undefined;
}

/** What was written. */
export interface ConvertResult {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** With their names, which are empty where there is a single one without a name. */
  readonly subsets: readonly { readonly name: string; readonly images: number }[];
}

/**
 * Writes a data set in another layout. Every file is read and checked first; the images are copied as they are, and reading
 * what was written gives the same class for every pixel.
 *
 * @throws OtxError `usage` for a layout that is not written or cannot say what is to be said, `dataset` for data that is
 * wrong, `output`, or `aborted` when the signal fired.
 */
export async function convertDataset(options: ConvertOptions): Promise<ConvertResult> {
  checkOptions('convertDataset()', options, {
    ...{ data: 'path', output: 'path', to: 'string', dataFormat: 'string?', assume: 'string?' },
    ...{ onEvent: 'function?', signal: 'signal?' },
  });
  const { data, output, to, onEvent = () => undefined, signal } = options;
  const writer = WRITERS.find(({ name }) => name === to);
  if (!writer) {
    const known = CONVERT_FORMATS.join(', ');
    throw new OtxError('usage', `${option('to')} is ${JSON.stringify(to)}; expected one of ${known}`);
  }
  const { classes, subsets } = await openAll(options, onEvent);
  const inputs = joinInputs(...subsets.map(({ dataset }) => datasetInputs('the data set', data, dataset)));
  const outputs = await Outputs.open({ root: output, folders: ['.'], inputs, isDataset: true });
  try {
    const total = subsets.reduce((sum, { dataset }) => sum + dataset.samples.length, 0);
    let done = 0;
    const toWrite: DatasetToWrite = {
      classes,
      subsets: subsets.map(({ name, dataset }) => ({
        name,
        samples: dataset.samples,
        coding: dataset.decodeMask,
      })),
      signal,
      onPicture: () => onEvent({ type: 'progress', task: 'convert', done: ++done, total }),
    };
    await writer.write(toWrite, (path, content) => outputs.write(path, content));
  } finally {
    await outputs.close();
  }
  return { classes, subsets: subsets.map(({ name, dataset }) => ({ name, images: dataset.samples.length })) };
}

interface OpenedSubset {
  readonly name: string;
  readonly dataset: Dataset;
}

/** All subsets, checked, with the classes of the one that has most of them. */
async function openAll(
  { data, dataFormat: format, assume, signal }: ConvertOptions,
  onEvent: (event: JobEvent) => void,
): Promise<{ classes: readonly ClassInfo[]; subsets: readonly OpenedSubset[] }> {
  const names = await listSubsets(data, format);
  const jobs = names.map((name) => async (): Promise<OpenedSubset> => {
    const opened = await openDataset(data, { format, subset: name, assume, signal });
    const onProgress = (done: number, total: number) =>
      onEvent({ type: 'progress', task: 'check', done, total });
    const { dataset, report } = await verifyDataset(opened, { onProgress, ...(signal ? { signal } : {}) });
    for (const message of report.notices) onEvent({ type: 'notice', message });
    return { name, dataset };
  });
  const subsets: readonly OpenedSubset[] = await allOfThem(jobs);
  const richest = subsets.reduce((best, each) =>
    each.dataset.classes.length > best.dataset.classes.length ? each : best,
  );
  const { classes } = richest.dataset;
  const owner = `the subset ${richest.name}`;
  return {
    classes,
    subsets: subsets.map(({ name, dataset }) => ({
      name,
      dataset: matchClasses(dataset, classes, owner).dataset,
    })),
  };
}
