/** @file The pictures of a run folder for its report: what was learned from, what was made of it, and what a teacher said. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MOST_BYTES, readBytesOf } from '../base/read-file.js';
import { PICTURE_FOLDERS } from '../methods/pictures.js';
import { dataUrl } from './html-parts.js';

const KIND = { code: 'image', expected: 'a picture of a run', maxBytes: MOST_BYTES.image / 4 } as const;
/** Of the pictures that come epoch by epoch. */
const MOST_OF_A_FOLDER = 3;

/** A picture of a run. */
export interface Sheet {
  readonly caption: string;
  /** A data URL. */
  readonly source: string;
}

const CAPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^train_batch_\d\.jpg$/, 'What the network was given in training'],
  [/^views_\d\.jpg$/, 'Pairs of views that were compared'],
  [/^val_batch_\d\.png$/, 'Validation images: photograph, truth and prediction of the best epoch'],
  [/^pseudo_masks.*\.(jpg|png)$/, 'Regions that took the place of labels'],
];

/** All of them, in the order of a training. Those that cannot be read are left out. */
export async function sheetsOf(run: string): Promise<Sheet[]> {
  const names = (await readdir(run).catch((): string[] => [])).sort();
  const wanted = CAPTIONS.flatMap(([pattern, caption]) =>
    names.filter((name) => pattern.test(name)).map((file) => ({ file, caption })),
  );
  for (const folder of PICTURE_FOLDERS) {
    const inside = (await readdir(join(run, folder)).catch((): string[] => [])).sort();
    for (const name of inside.filter((each) => /\.(jpg|png)$/.test(each)).slice(-MOST_OF_A_FOLDER)) {
      const epoch = Number(/\d+/.exec(name)?.[0]);
      wanted.push({ file: join(folder, name), caption: `The teacher and its student, epoch ${epoch}` });
    }
  }
  const sheets: Sheet[] = [];
  for (const { file, caption } of wanted) {
    const source = await readBytesOf(join(run, file), KIND)
      .then(dataUrl)
      .catch(() => undefined);
    if (source !== undefined) sheets.push({ caption, source });
  }
  return sheets;
}
