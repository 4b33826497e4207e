/** @file Finds the images of a studio: a data set of any format with all its subsets, what it has without labels, or a folder of pictures. */

import { dirname, relative, sep } from 'node:path';
import {
  type ClassInfo,
  type Dataset,
  findImages,
  listSubsets,
  maskFiles,
  openDataset,
  readImageSize,
  roleOf,
  settleDataset,
} from '../../data-api.js';
import { mapConcurrent, messageOf } from '../../files-api.js';
import { OtxError } from '../../index.js';
import type { NewEntry } from './catalog.js';
import type { Subset } from './project.js';

const HEADERS_AT_ONCE = 8;

/** What a folder holds. */
export interface OpenedData {
  /** Background first; empty for pictures without labels. */
  readonly classes: readonly ClassInfo[];
  /** Without the map of classes, which is the same for all. */
  readonly entries: readonly NewEntry[];
  /** What is wrong with files, a sentence each. */
  readonly problems: readonly string[];
}

/**
 * Opens a folder. Images without a mask are taken as such, files that are wrong are told.
 *
 * @param prefix of ids, with a slash behind it.
 * @throws OtxError `dataset` for a folder without any picture.
 */
export async function openData(root: string, prefix: string, signal: AbortSignal): Promise<OpenedData> {
  const problems: string[] = [];
  const subsets = await openSubsets(root, problems, signal);
  const classes = subsets.reduce<readonly ClassInfo[]>(
    (best, { dataset }) => (dataset.classes.length > best.length ? dataset.classes : best),
    [],
  );
  const entries: NewEntry[] = [];
  for (const { name, dataset } of subsets) {
    const names = classes.map((one) => one.name);
    const indices = dataset.classes.map((one) => names.indexOf(one.name));
    const lost = dataset.classes.filter((_, at) => indices[at]! < 0).map((one) => one.name);
    if (lost.length > 0) {
      problems.push(
        `${dataset.root}: the classes ${lost.join(', ')} are in one subset alone, and are left out`,
      );
      continue;
    }
    const before = subsets.length > 1 ? `${prefix}${name}/` : prefix;
    for (const sample of dataset.samples) {
      entries.push({
        id: `${before}${sample.id}`,
        imagePath: sample.imagePath,
        width: sample.width,
        height: sample.height,
        reading: sample.reading,
        given: subsets.length > 1 ? subsetOf(name) : 'auto',
        source: { sample, coding: dataset.decodeMask, indices },
      });
    }
  }
  const others = await unlabeledIn(root, entries, prefix, problems, signal);
  if (entries.length + others.length === 0) {
    throw new OtxError(
      'dataset',
      `${root}: holds no pictures${problems.length > 0 ? `; ${problems[0]}` : ''}`,
    );
  }
  return { classes, entries: [...entries, ...others], problems };
}

const subsetOf = (name: string): Subset => roleOf(name) ?? 'train';

interface OpenedSubset {
  readonly name: string;
  readonly dataset: Dataset;
}

/** None for a folder of pictures alone. */
async function openSubsets(root: string, problems: string[], signal: AbortSignal): Promise<OpenedSubset[]> {
  const names = await listSubsets(root).catch((error: unknown) => {
    if (!(error instanceof OtxError)) throw error;
    return [];
  });
  const found: OpenedSubset[] = [];
  for (const name of names) {
    try {
      const onProblems = (some: readonly string[]) => {
        problems.push(...some);
      };
      const opened = await openDataset(root, { subset: name, onProblems, signal });
      found.push({ name, dataset: await settleDataset(opened, { signal }) });
    } catch (error) {
      if (!(error instanceof OtxError) || error.code === 'aborted') throw error;
      problems.push(error.message);
    }
  }
  return found;
}

/** Pictures that have no labels: of a data set those beside its images, of any other folder all. */
async function unlabeledIn(
  root: string,
  labeled: readonly NewEntry[],
  prefix: string,
  problems: string[],
  signal: AbortSignal,
): Promise<NewEntry[]> {
  const known = new Set(labeled.flatMap(({ imagePath, source }) => [imagePath, source!.sample.maskPath]));
  const folders = new Set(labeled.map(({ imagePath }) => dirname(imagePath)));
  const files = await findImages(root);
  const masks = maskFiles(files);
  const free = files.filter(
    (file) =>
      !known.has(file.path) && !masks.has(file) && (folders.size === 0 || folders.has(dirname(file.path))),
  );
  const taken = new Set(labeled.map(({ id }) => id));
  const found = await mapConcurrent(
    free,
    HEADERS_AT_ONCE,
    async ({ path }): Promise<NewEntry | undefined> => {
      const way = relative(root, path).split(sep).join('/');
      const stem = `${prefix}${way.slice(0, way.lastIndexOf('.'))}`;
      try {
        // Pictures that differ in their endings alone stay apart.
        const id = taken.has(stem) ? `${prefix}${way.replaceAll('.', '_')}` : stem;
        taken.add(id);
        return { id, imagePath: path, ...(await readImageSize(path)), given: 'auto' };
      } catch (error) {
        problems.push(messageOf(error));
        return undefined;
      }
    },
    { signal },
  );
  return found.flatMap((entry) => entry ?? []);
}
