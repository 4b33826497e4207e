/** @file Images of one data set that are in another one too, by their bytes, under whatever name. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readBytes } from '../images/decoder.js';
import { mapConcurrent } from '../loaders/concurrent.js';
import type { Dataset, Sample } from '../types.js';

const AT_ONCE = 8;

/** The samples of `dataset` whose image is one of `others`. Only files of equal length are read. */
export async function sharedImages(
  dataset: Dataset,
  others: Dataset,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<Sample>> {
  const [ours, theirs] = await Promise.all([dataset, others].map((set) => bySize(set.samples, signal)));
  const shared = new Set<Sample>();
  const pairs = [...ours!].flatMap(([size, samples]) => {
    const rivals = theirs!.get(size);
    return rivals ? [{ samples, rivals }] : [];
  });
  await mapConcurrent(
    pairs,
    AT_ONCE,
    async ({ samples, rivals }) => {
      const known = new Set(await Promise.all(rivals.map(hashOf)));
      for (const sample of samples) if (known.has(await hashOf(sample))) shared.add(sample);
    },
    { signal },
  );
  return shared;
}

async function bySize(samples: readonly Sample[], signal: AbortSignal | undefined) {
  const sizes = await mapConcurrent(
    samples,
    AT_ONCE,
    ({ imagePath }) =>
      stat(imagePath).then(
        ({ size }) => size,
        () => -1,
      ),
    { signal },
  );
  const groups = new Map<number, Sample[]>();
  samples.forEach((sample, i) => {
    if (sizes[i]! > 0) groups.set(sizes[i]!, [...(groups.get(sizes[i]!) ?? []), sample]);
  });
  return groups;
}

const hashOf = async ({ imagePath }: Sample) =>
  createHash('sha256')
    .update(await readBytes(imagePath))
    .digest('hex');
