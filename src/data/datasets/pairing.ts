/** @file Decides which mask belongs to which image, by name alone. */
import type { ImageFile } from '../images/image-files.js';

/** As much of a file as pairing looks at. */
type Named = Pick<ImageFile, 'path' | 'stem'>;

/** Result of {@link pairByName}: pairs, and a sentence for each file that has no or no single partner. */
export interface Pairing<F extends Named = ImageFile> {
  readonly pairs: readonly { readonly image: F; readonly mask: F }[];
  readonly problems: readonly string[];
}

/**
 * Pairs `images/<id>.*` with `masks/<id>.*`.
 *
 * Equal relative paths come first. What is left pairs by base name if one of the two lies directly in its folder, so
 * that flat masks serve nested images and the other way round.
 */
export function pairByName<F extends Named>(images: readonly F[], masks: readonly F[]): Pairing<F> {
  const problems: string[] = [];
  const imageOf = uniqueByStem(images, problems);
  const maskOf = uniqueByStem(masks, problems);
  const pairs: { image: F; mask: F }[] = [];

  for (const [stem, image] of [...imageOf]) {
    const mask = maskOf.get(stem);
    if (!mask) continue;
    pairs.push({ image, mask });
    imageOf.delete(stem);
    maskOf.delete(stem);
  }

  const masksByBase = groupByBase(maskOf.values());
  const imagesByBase = groupByBase(imageOf.values());
  const taken = new Set<F>();
  for (const image of imageOf.values()) {
    const base = baseOf(image.stem);
    const candidates = (masksByBase.get(base) ?? []).filter((mask) => isFlat(mask) || isFlat(image));
    const rivals = (imagesByBase.get(base) ?? []).filter((other) =>
      candidates.some((mask) => isFlat(mask) || isFlat(other)),
    );
    if (candidates.length === 0) {
      problems.push(`${image.path} has no mask (expected masks/${image.stem}.png)`);
    } else if (candidates.length > 1 || rivals.length > 1) {
      const names = (files: readonly F[]) => files.map((file) => file.path).join(', ');
      problems.push(
        candidates.length > 1
          ? `${image.path} could belong to several masks (${names(candidates)})`
          : `${image.path} and other images (${names(rivals.filter((r) => r !== image))}) could belong to mask ${names(candidates)}`,
      );
      for (const mask of candidates) taken.add(mask);
    } else {
      pairs.push({ image, mask: candidates[0]! });
      taken.add(candidates[0]!);
    }
  }
  for (const mask of maskOf.values()) {
    if (!taken.has(mask)) problems.push(`${mask.path} has no image (expected images/${mask.stem}.*)`);
  }
  pairs.sort((a, b) => (a.image.stem < b.image.stem ? -1 : 1));
  return { pairs, problems };
}

/** Files by their stems; of two with the same one the first, and a problem. */
export function uniqueByStem<F extends Named>(files: readonly F[], problems: string[]): Map<string, F> {
  const byStem = new Map<string, F>();
  for (const file of files) {
    const other = byStem.get(file.stem);
    if (other) problems.push(`${file.path} and ${other.path} have the same name apart from their ending`);
    else byStem.set(file.stem, file);
  }
  return byStem;
}

function groupByBase<F extends Named>(files: Iterable<F>): Map<string, F[]> {
  const groups = new Map<string, F[]>();
  for (const file of files) {
    const base = baseOf(file.stem);
    groups.set(base, [...(groups.get(base) ?? []), file]);
  }
  return groups;
}

const baseOf = (stem: string) => stem.slice(stem.lastIndexOf('/') + 1);
const isFlat = (file: Named) => !file.stem.includes('/');
