/** @file Looks at every file of a data set as a training does before its first step, without a training. */

import { checkOptions } from '../base/check-options.js';
import { type DataSource, openSource } from './datasets/open-source.js';
import type { DatasetReport } from './datasets/report.js';
import { verifyDataset } from './datasets/verify.js';
import type { SubsetRole } from './formats/subsets.js';
import type { ClassInfo } from './types.js';

/** Which data set to check, and how it is read. */
export interface CheckDatasetOptions {
  /** Folder of the data set (docs/data.md has the layouts), or images with masks in memory. */
  readonly data: DataSource;
  /** What it is for, which chooses among several subsets. Default: only a data set with a single one is opened. */
  readonly role?: SubsetRole | undefined;
  /** Layout of the data set: docs/data.md has the names, such as `voc`. Default: found out by the content of the folder. */
  readonly dataFormat?: string | undefined;
  /** Whether masks go through polygons, as in the reference. Default false. */
  readonly useOtxAdapter?: boolean | undefined;
  /** How to read masks whose files leave it open: names of readings with commas between them; see docs/data.md. */
  readonly assume?: string | undefined;
  /** Bands of the images that are red, green and blue, as "4,3,2", or one that is gray. Default: as the files say. */
  readonly bands?: string | undefined;
  /** Threads that decode images; 0 decodes in the calling thread. Default 2. */
  readonly workers?: number | undefined;
  /** Is told after each image. */
  readonly onEvent?:
    | ((event: { type: 'progress'; task: 'check'; done: number; total: number }) => void)
    | undefined;
  /** Stops the check. */
  readonly signal?: AbortSignal | undefined;
}

/** A data set without bad files. */
export interface CheckedDataset {
  /** As its masks are read, background first. */
  readonly classes: readonly ClassInfo[];
  /** How much of it each class covers, and what else was found. */
  readonly report: DatasetReport;
}

/**
 * Decodes every image and mask of a data set in full, and tells how its masks are read and what they show. Nothing is
 * changed.
 *
 * @throws OtxError `dataset` once for all that is wrong: files that are missing, damaged or ambiguous, values without a class,
 * masks of another size than their image, masks that can be read in several ways; its `problems` are the whole list. `usage`
 * for options that are not allowed, `aborted` when the signal fired.
 */
export async function checkDataset(options: CheckDatasetOptions): Promise<CheckedDataset> {
  checkOptions('checkDataset()', options, {
    data: 'data',
    role: 'string?',
    dataFormat: 'string?',
    useOtxAdapter: 'boolean?',
    assume: 'string?',
    bands: 'string?',
    workers: 'number?',
    onEvent: 'function?',
    signal: 'signal?',
  });
  const { data, role, dataFormat: format, useOtxAdapter, assume, bands, workers, onEvent, signal } = options;
  const opened = await openSource(data, { format, role, useOtxAdapter, assume, bands, signal });
  const { dataset, report } = await verifyDataset(opened, {
    ...(workers === undefined ? {} : { workers }),
    ...(signal === undefined ? {} : { signal }),
    onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'check', done, total }),
  });
  return { classes: dataset.classes, report };
}
