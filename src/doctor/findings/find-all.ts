/** @file Everything that is found in a data set, in the order of its weight. */

import type { MaskCoding } from '../../data/index.js';
import { findDuplicates } from './duplicates.js';
import { findExchanged } from './exchanged.js';
import { type ExaminedImage, type FindingKind, type Found, KINDS } from './finding.js';
import { findAstray, findMisplaced } from './misplaced.js';
import { findOddClasses } from './odd-classes.js';
import { findOddLabels } from './odd-labels.js';
import { findOddLooks } from './odd-looks.js';
import type { ReadSubsets } from './open-subsets.js';

/** What there is to look at. */
export interface FindInput extends ReadSubsets {
  /** Of all subsets. */
  readonly images: readonly ExaminedImage[];
  readonly codingOf: (image: ExaminedImage) => MaskCoding;
  readonly signal: AbortSignal | undefined;
}

/** @throws OtxError `image` for files that can no longer be read, `aborted`. */
export async function findAll(input: FindInput): Promise<Found[]> {
  const { subsets, validated, problems, images, codingOf, signal } = input;
  const { name: learned, dataset, report } = subsets[0]!;
  const examined = { images, classes: dataset.classes, learned };
  const looks = findOddLooks(examined);
  const named = (found: readonly Found[], kind: FindingKind) =>
    new Set(found.flatMap(({ kind: each, images: [image] }) => (each === kind && image ? [image] : [])));
  const uniform = named(looks, 'uniform');
  const seen = images.filter((image) => !uniform.has(image));
  const copies = findDuplicates({ ...examined, images: seen });
  const others = named(copies, 'same-labels');
  const misplaced = findMisplaced(seen.filter((image) => !others.has(image)));
  // Of blurred pictures it is no wonder that labels lie on none of their edges.
  const blurred = named(looks, 'blurred');
  const suspects = misplaced.suspects.filter((image) => !blurred.has(image));
  const exchanged = await findExchanged(suspects, misplaced.usualFit, codingOf, signal);
  const explained = new Set(exchanged.flatMap(({ images }) => images));
  const left = suspects.filter((image) => !explained.has(image));
  const validation = subsets.find(({ name }) => name === validated && name !== learned);
  const found: Found[] = [
    ...problems.map((message): Found => ({ kind: 'unusable', message, images: [] })),
    ...subsets.flatMap(({ report: { warnings } }) =>
      warnings.map((message): Found => ({ kind: 'damaged', message, images: [] })),
    ),
    ...copies,
    ...misplaced.found,
    ...exchanged,
    ...findAstray(left, misplaced.usualFit, images.length),
    ...findOddLabels(examined),
    ...looks,
    ...findOddClasses(examined, report, validation?.report),
  ];
  const weights = Object.keys(KINDS) as FindingKind[];
  return found.sort((a, b) => weights.indexOf(a.kind) - weights.indexOf(b.kind));
}
