/** @file How a folder with a data set looks from outside, for all that must stay out of it. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of the file that makes a folder a data set, in the order of preference. */
export const META_NAMES = ['dataset_meta.json', 'meta.json'] as const;

/** Of these two must be there: each alone is a name that many a folder has. */
const PARTS = [META_NAMES[1], 'images', 'masks'];

/** What makes a folder look like a data set, for a message; undefined for one that does not. */
export async function datasetMarks(folder: string): Promise<string | undefined> {
  const has = (name: string) =>
    stat(join(folder, name)).then(
      () => true,
      () => false,
    );
  if (await has(META_NAMES[0])) return META_NAMES[0];
  const found: string[] = [];
  for (const name of PARTS) if (await has(name)) found.push(name);
  return found.length > 1 ? found.join(' and ') : undefined;
}
