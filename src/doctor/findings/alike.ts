/**
 * @file Groups of pictures that are one picture, saved again, resized, made brighter, or mirrored. Stricter than the fingerprints by
 * which a split keeps images together: those may join too many, while a finding should accuse none that is another picture.
 */

import { THUMBNAIL_SIDE } from '../../data/measures/look.js';

/** Mean difference of matched thumbnails below which two pictures are one, in grey levels of a picture of usual contrast. */
const SAME = 1.6;
/** Contrast to which thumbnails are brought, and below which it is taken for noise. */
const USUAL_CONTRAST = 50;
const LEAST_CONTRAST = 25;
/** Coarse patches along a side, by which most pairs are told apart. */
const COARSE = 4;

/** A picture of a group. */
export interface Alike {
  /** Its position. */
  readonly at: number;
  /** Whether it is the mirror image of the first of its group. */
  readonly mirrored: boolean;
}

/**
 * Groups of two and more, in the order of their first pictures.
 *
 * @param thumbnails RGB of 16x16 patches each.
 */
export function alikeGroups(thumbnails: readonly Uint8Array[]): Alike[][] {
  const matched = thumbnails.map(match);
  const mirrored = thumbnails.map((thumbnail) => match(mirror(thumbnail)));
  const groupOf = thumbnails.map((_, at): Alike[] => [{ at, mirrored: false }]);
  for (let i = 0; i < thumbnails.length; i++) {
    for (let j = i + 1; j < thumbnails.length; j++) {
      const [ours, theirs] = [groupOf[i]!, groupOf[j]!];
      if (ours === theirs) continue;
      const isSame = areOne(matched[i]!, matched[j]!);
      if (!isSame && !areOne(matched[i]!, mirrored[j]!)) continue;
      // Both may have a group already, through pictures that are like one of them alone.
      const flips = (isMirrored(ours, i) !== isMirrored(theirs, j)) === isSame;
      for (const { at, mirrored: turned } of theirs) {
        ours.push({ at, mirrored: turned !== flips });
        groupOf[at] = ours;
      }
    }
  }
  return [...new Set(groupOf)].filter((group) => group.length > 1).map(inOrder);
}

const isMirrored = (group: readonly Alike[], picture: number): boolean =>
  group.find(({ at }) => at === picture)!.mirrored;

/** By position, and mirrored as seen from the first. */
function inOrder(group: readonly Alike[]): Alike[] {
  const [first, ...others] = [...group].sort((a, b) => a.at - b.at);
  return [first!, ...others].map(({ at, mirrored }) => ({ at, mirrored: mirrored !== first!.mirrored }));
}

interface Matched {
  readonly fine: Float32Array;
  readonly coarse: Float32Array;
}

/** With mean and contrast of all thumbnails, so that a picture made brighter stays itself. */
function match(thumbnail: Uint8Array): Matched {
  const means = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let i = channel; i < thumbnail.length; i += 3) sum += thumbnail[i]!;
    return (3 * sum) / thumbnail.length;
  });
  let squares = 0;
  thumbnail.forEach((value, i) => {
    squares += (value - means[i % 3]!) ** 2;
  });
  const scale = USUAL_CONTRAST / Math.max(Math.sqrt(squares / thumbnail.length), LEAST_CONTRAST);
  const fine = Float32Array.from(thumbnail, (value, i) => (value - means[i % 3]!) * scale);
  const patch = THUMBNAIL_SIDE / COARSE;
  const coarse = new Float32Array(3 * COARSE * COARSE);
  fine.forEach((value, i) => {
    const cell = Math.floor(i / 3);
    const row = Math.floor(cell / THUMBNAIL_SIDE / patch);
    const column = Math.floor((cell % THUMBNAIL_SIDE) / patch);
    coarse[3 * (row * COARSE + column) + (i % 3)]! += value / (patch * patch);
  });
  return { fine, coarse };
}

/** Means of patches differ by no more than what they are means of, so that the coarse patches decide for most pairs. */
const areOne = (a: Matched, b: Matched): boolean => isNear(a.coarse, b.coarse) && isNear(a.fine, b.fine);

function isNear(a: Float32Array, b: Float32Array): boolean {
  const most = SAME * a.length;
  let sum = 0;
  for (let i = 0; i < a.length && sum <= most; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum <= most;
}

function mirror(thumbnail: Uint8Array): Uint8Array {
  return thumbnail.map((_, i) => {
    const cell = Math.floor(i / 3);
    const column = cell % THUMBNAIL_SIDE;
    return thumbnail[3 * (cell - column + THUMBNAIL_SIDE - 1 - column) + (i % 3)]!;
  });
}
