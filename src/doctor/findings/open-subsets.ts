/** @file All subsets of a data set, read with the classes of the one to learn from; bad files are set aside. */

import {
  type Dataset,
  type DatasetReport,
  findSubset,
  listSubsets,
  openDataset,
  settleClasses,
  verifyDataset,
} from '../../data/index.js';
import type { ProgressEvent } from '../../runs/events.js';
import type { RunOptions } from '../../settings/run-vocabulary.js';

/** How a data set is read. */
export const READING = ['validationData', 'dataFormat', 'useOtxAdapter', 'assume', 'bands'] as const;

/** Which data set. */
export interface OpenSubsetsOptions extends Pick<RunOptions, (typeof READING)[number]> {
  /** Root of the data set (docs/data.md has the layouts); all of its subsets are examined. */
  readonly data: string;
  /** Is told how the job goes on. */
  readonly onEvent?: ((event: ProgressEvent) => void) | undefined;
  /** Stops the job. */
  readonly signal?: AbortSignal | undefined;
}

/** A subset without its bad files. */
export interface ReadSubset {
  readonly name: string;
  /** As it was given. */
  readonly root: string;
  readonly dataset: Dataset;
  readonly report: DatasetReport;
}

/** The data set as it was read. */
export interface ReadSubsets {
  /** That to learn from first. */
  readonly subsets: readonly ReadSubset[];
  /** That to validate on, where the data has one. */
  readonly validated: string | undefined;
  /** A sentence for each bad file. */
  readonly problems: readonly string[];
}

/** @throws OtxError as {@link openDataset} and {@link verifyDataset}, but for single bad files */
export async function openSubsets(options: OpenSubsetsOptions): Promise<ReadSubsets> {
  const { dataFormat: format, useOtxAdapter, assume, bands, signal, onEvent } = options;
  const problems: string[] = [];
  const subsets: ReadSubset[] = [];
  const { places, validated } = await placesOf(options);
  for (const { name, root, subset } of places) {
    const [learned] = subsets;
    const onProblems = (found: readonly string[]) => problems.push(...found);
    const reading = { ...{ format, useOtxAdapter, assume, bands, signal, onProblems }, ...subset };
    const opened = await openDataset(root, { ...reading, isLeftOpen: learned !== undefined });
    const belongsTo = learned?.dataset;
    const settled = belongsTo
      ? await settleClasses(opened, { signal, readings: belongsTo.readings })
      : opened;
    const { dataset, report } = await verifyDataset(settled, {
      ...{ belongsTo, onProblems },
      numbering: belongsTo && { classes: belongsTo.classes, owner: `the subset ${learned!.name}` },
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'check', done, total }),
    });
    subsets.push({ name, root, dataset, report });
  }
  return { subsets, validated, problems };
}

/** Where the subsets are, that to learn from first. */
async function placesOf({ data, validationData, dataFormat }: OpenSubsetsOptions) {
  if (validationData !== undefined) {
    return {
      validated: 'val',
      places: [
        { name: 'train', root: data, subset: { role: 'train' } as const },
        { name: 'val', root: validationData, subset: { role: 'val' } as const },
      ],
    };
  }
  const names = await listSubsets(data, dataFormat);
  const learned = names.length > 1 ? (findSubset(names, 'train') ?? names[0]!) : names[0]!;
  const ordered = [learned, ...names.filter((name) => name !== learned)];
  return {
    validated: names.length > 1 ? findSubset(names, 'val') : undefined,
    places: ordered.map((name) => ({ name, root: data, subset: { subset: name } })),
  };
}
