/** @file Images that are there several times: within a subset, across subsets, with other labels; and different ones with equal labels. */

import { alikeGroups } from './alike.js';
import type { Examined, ExaminedImage, Found } from './finding.js';
import { nameOf } from './name-of.js';

/** Share of the cells in which labels of copies may differ: along borders, after resizing. */
const DIFFERENT = 0.03;

/** @param images without those that show nothing, which are all alike. */
export function findDuplicates({ images, learned }: Examined): Found[] {
  const groups = alikeGroups(images.map(({ measures }) => measures.thumbnail));
  const groupOf = new Map<ExaminedImage, number>();
  const found: Found[] = [];
  for (const [number, members] of groups.entries()) {
    const group = members.map(({ at }) => images[at]!);
    for (const image of group) groupOf.set(image, number);
    const elsewhere = group.find(({ subset }) => subset !== learned)?.subset;
    const isLeak = elsewhere !== undefined && group.some(({ subset }) => subset === learned);
    const isMirrored = members.some(({ mirrored }) => mirrored);
    const what = isMirrored ? 'the same picture, once mirrored' : 'the same picture';
    const [first, ...others] = members;
    const odd = others.find((member) =>
      labelsDiffer(images[first!.at]!, images[member.at]!, member.mirrored),
    );
    if (isLeak)
      found.push({ kind: 'leak', message: `${what}, in ${learned} and in ${elsewhere}`, images: group });
    if (odd) {
      const share = differing(images[first!.at]!, images[odd.at]!, odd.mirrored);
      found.push({
        kind: 'contradiction',
        message: `${what}, but ${(100 * share).toFixed(0)} % of the labels differ`,
        images: group,
      });
    }
    if (!isLeak && !odd) found.push({ kind: 'duplicate', message: what, images: group });
  }
  return [...found, ...sameLabels(images, groupOf)];
}

/** Masks that are equal pixel by pixel on images that are not. */
function sameLabels(images: readonly ExaminedImage[], groupOf: ReadonlyMap<ExaminedImage, number>): Found[] {
  const byDigest = new Map<string, ExaminedImage[]>();
  for (const image of images) {
    // Masks without a border are equal by nature.
    if (image.measures.steps === 0) continue;
    const { labelsDigest } = image.measures;
    byDigest.set(labelsDigest, [...(byDigest.get(labelsDigest) ?? []), image]);
  }
  return [...byDigest.values()].flatMap((group): Found[] => {
    const pictures = new Set(group.map((image) => groupOf.get(image) ?? image));
    if (pictures.size < 2) return [];
    const ownFit = ({ measures }: ExaminedImage) => measures.placement?.own.fit ?? 0;
    const ordered = [...group].sort((a, b) => ownFit(a) - ownFit(b));
    const best = ordered.at(-1)!;
    const better =
      ownFit(best) > 2 * Math.max(ownFit(ordered[0]!), 0) ? `, which fit ${nameOf(best)} alone` : '';
    return [{ kind: 'same-labels', message: `equal labels${better}`, images: ordered }];
  });
}

const labelsDiffer = (a: ExaminedImage, b: ExaminedImage, mirrored: boolean): boolean =>
  a.measures.labelsDigest !== b.measures.labelsDigest && differing(a, b, mirrored) > DIFFERENT;

/** Share of the cells with another label. */
function differing(a: ExaminedImage, b: ExaminedImage, mirrored: boolean): number {
  const [first, second] = [a.measures.labelCells, b.measures.labelCells];
  const side = Math.sqrt(first.length);
  let count = 0;
  for (let i = 0; i < first.length; i++) {
    const x = i % side;
    if (first[i] !== second[mirrored ? i - x + side - 1 - x : i]) count++;
  }
  return count / first.length;
}
