/** @file Lists of images: which to learn from, and which to validate on. */
import { posix } from 'node:path';
import { MOST_BYTES, readTextOf } from '../../base/read-file.js';
import { datasetError } from '../datasets/problems.js';
import type { Dataset, Sample } from '../types.js';

/**
 * The samples that a list names, in the order of the data set: a line names an image by its id, as lists of runs do, by its path
 * below the data or by its file name. Empty lines and those that begin with # say nothing.
 *
 * @throws OtxError `usage` for a file that cannot be read, `dataset` for names that are in the data not at all or several
 * times, and for a list without any.
 */
export async function listedSamples({ root, samples }: Dataset, path: string): Promise<ReadonlySet<Sample>> {
  const kind = {
    code: 'usage',
    expected: 'a list with one image a line',
    maxBytes: MOST_BYTES.list,
  } as const;
  const lines = (await readTextOf(path, kind)).split(/\r?\n/).map((line) => line.trim());
  const names = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const byName = new Map<string, Set<Sample>>();
  for (const sample of samples) {
    for (const name of namesOf(sample, root)) byName.set(name, (byName.get(name) ?? new Set()).add(sample));
  }
  const found = new Set<Sample>();
  const problems: string[] = [];
  for (const name of names) {
    const matches = [...(byName.get(name.replaceAll('\\', '/').normalize('NFC')) ?? [])];
    // An id is what it is, also where a file in another folder is called so.
    const exact = matches.filter(({ id }) => id === name);
    const [sample, ...others] = exact.length > 0 ? exact : matches;
    if (!sample) problems.push(`${path}: names ${name}, which is not in ${root}`);
    else if (others.length > 0) problems.push(`${path}: ${name} could be several images of ${root}`);
    else found.add(sample);
  }
  if (problems.length === 0 && found.size === 0) problems.push(`${path}: names no image`);
  if (problems.length > 0) throw datasetError(root, problems, 'Name images by their path below the data');
  return found;
}

/** As a run keeps it. */
export const formatList = (samples: readonly Sample[]): string => samples.map(({ id }) => `${id}\n`).join('');

function namesOf({ id, imagePath }: Sample, root: string): Set<string> {
  const path = imagePath.replaceAll('\\', '/').normalize('NFC');
  const below = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
  const file = posix.basename(path);
  const ending = posix.extname(file);
  return new Set([id, `${id}${ending}`, below, path, file, file.slice(0, file.length - ending.length)]);
}
