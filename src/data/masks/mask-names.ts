/** @file Names of the masks of images, each apart from every other. */

import { posix } from 'node:path';

/**
 * The image's name with the ending `.png`; where several images differ only in their ending (or in upper and lower case, or
 * the spelling of accents, which some file systems do not tell apart), `.png` is put behind it instead.
 *
 * @param ids paths with forward slashes.
 */
export function maskNames(ids: readonly string[]): string[] {
  const simple = ids.map((id) => `${id.slice(0, id.length - posix.extname(id).length)}.png`);
  const keyOf = (name: string) => name.normalize('NFC').toLowerCase();
  const uses = new Map<string, number>();
  for (const name of simple) uses.set(keyOf(name), (uses.get(keyOf(name)) ?? 0) + 1);
  const taken = new Set(simple.map(keyOf));
  return simple.map((name, i) => {
    if (uses.get(keyOf(name)) === 1) return name;
    let longer = `${ids[i]}.png`;
    while (taken.has(keyOf(longer))) longer += '.png';
    taken.add(keyOf(longer));
    return longer;
  });
}
