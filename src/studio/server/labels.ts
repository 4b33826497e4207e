/**
 * @file Masks that are drawn in the studio: a data set in the Common layout of its own, complete after every save. What a mask was
 * before stays in a history.
 */

import { rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { IGNORE_INDEX, writeMask } from '../../data-api.js';
import { createTurns, linkFile, makeFolder, readRegular, shown, writeFileAtomic } from '../../files-api.js';
import { OtxError } from '../../index.js';
import { type Catalog, type Entry, isLabeled, labelsOf } from './catalog.js';
import type { Inside } from './inside.js';
import { classesIn } from './pictures.js';
import type { Project } from './project.js';

const MOST_MASK_BYTES = 2 ** 28;

/** Where the mask of an image is, or would be. */
export const maskPathOf = (project: Project, id: string): string =>
  join(project.dataset, 'masks', `${id}.png`);

/** Masks are written one after the other: two pages, or a page and a training, may mean the same one. */
const takeTurn = createTurns(1);

/** The labels of an image were saved by somebody else than who has drawn on them. */
export class SavedElsewhere extends OtxError {
  constructor(id: string) {
    super(
      'output',
      `${id}: was saved in another tab since it was opened in this one. Save again to replace that, which then stays in ` +
        'the history; or open the image anew',
    );
  }
}

/** Where an image is, and the classes that labels may have. */
export type LabelParts = { readonly project: Project; readonly catalog: Catalog; readonly inside: Inside };

/**
 * Saves what somebody has drawn, as {@link saveLabels}.
 *
 * @param edition the one that was drawn on. Default: whichever is there is replaced.
 * @throws SavedElsewhere where that is no longer the newest; OtxError as {@link saveLabels}
 */
export function saveDrawn(
  parts: LabelParts,
  entry: Entry,
  labels: Uint8Array,
  edition: number | undefined,
): Promise<void> {
  return takeTurn(async () => {
    if (edition !== undefined && edition !== entry.edition) throw new SavedElsewhere(entry.id);
    await saveLabels(parts, entry, labels);
    entry.edition += 1;
  });
}

/**
 * Saves the labels of an image. The mask is written whole or not at all; the one before it goes to `history` first.
 *
 * @param labels a class index a pixel, 255 to ignore.
 * @throws OtxError `usage` for labels that do not fit the image or the classes, `output`.
 */
async function saveLabels(
  { project, catalog, inside }: LabelParts,
  entry: Entry,
  labels: Uint8Array,
): Promise<void> {
  const { width, height, id } = entry;
  if (labels.length !== width * height) {
    throw new OtxError('usage', `${labels.length} labels are not those of ${width}x${height} pixels`);
  }
  const shows = classesIn(labels);
  const wrong = shows.find((label) => label >= catalog.classes.length && label !== IGNORE_INDEX);
  if (wrong !== undefined)
    throw new OtxError('usage', `the label ${wrong} is none of ${catalog.classes.length} classes`);
  const path = maskPathOf(project, id);
  await keep(project, entry, path);
  await addPicture(project, entry, inside);
  await writeMask(path, labels, entry, catalog.classes);
  entry.own = path;
  entry.revision += 1;
  entry.shows = shows;
}

/** The mask that is there, under the time of its end. */
async function keep(project: Project, { id }: Entry, path: string): Promise<void> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts) return;
  const folder = project.at('history', id);
  await makeFolder(folder);
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  await writeFileAtomic(join(folder, `${time}.png`), await readRegular(path, MOST_MASK_BYTES));
}

const picturePathOf = (project: Project, { id, imagePath }: Pick<Entry, 'id' | 'imagePath'>): string =>
  join(project.dataset, 'images', `${id}${extname(imagePath)}`);

/** The picture beside the mask, without a copy where the file system lets that. */
async function addPicture(project: Project, entry: Entry, inside: Inside): Promise<void> {
  await linkFile(picturePathOf(project, entry), await inside.check(entry.imagePath));
}

/** Takes back a picture whose mask was not written any more, as the studio was killed; no training takes one without the other. */
export async function dropHalfSaved(project: Project, entry: Pick<Entry, 'id' | 'imagePath'>): Promise<void> {
  if (!project.isReadOnly) await rm(picturePathOf(project, entry), { force: true });
}

/** Says what the values of the masks mean. */
export async function writeMeta(project: Project, catalog: Catalog): Promise<void> {
  const meta = {
    label_map: Object.fromEntries(catalog.classes.map(({ name }, index) => [String(index), name])),
  };
  await makeFolder(project.dataset);
  await writeFileAtomic(join(project.dataset, 'dataset_meta.json'), `${JSON.stringify(meta, null, 2)}\n`);
}

/** An image as a line of a list: its id, or its path where that would be taken for a remark. @throws OtxError `usage` */
function nameInList({ id, imagePath }: Entry): string {
  checkListed(id);
  return /^[#\s]/.test(id) ? `images/${id}${extname(imagePath)}` : id;
}

/** @throws OtxError `usage` for a name that takes more than a line. */
export function checkListed(name: string): void {
  if (!/[\r\n]/.test(name)) return;
  throw new OtxError(
    'usage',
    `${shown(name)} has a line break in its name, which lists of images cannot have; rename the file`,
  );
}

/** What a training learns from and validates on. */
export interface TrainingData {
  /** The data set. */
  readonly root: string;
  /** It, and what of it is for what, as flags of `otx train`. */
  readonly flags: readonly string[];
  /** Images with labels to learn from, and to validate on; 0 of the latter where the training chooses. */
  readonly train: number;
  readonly val: number;
}

/**
 * The data set of a training: the labels of the data as they are where nothing was changed here, else all of them together with what
 * was drawn here, which takes a mask for each image the first time.
 *
 * @throws OtxError `usage` where nothing is labeled.
 */
export async function trainingData(
  parts: LabelParts,
  onProgress: (done: number, total: number) => void,
): Promise<TrainingData> {
  const { project, catalog } = parts;
  const labeled = catalog.entries.filter(isLabeled);
  const subset = (entry: Entry) => project.subsets[entry.id] ?? entry.given;
  const train = labeled.filter((entry) => ['auto', 'train'].includes(subset(entry)));
  const val = labeled.filter((entry) => subset(entry) === 'val');
  if (train.length === 0) {
    throw new OtxError(
      'usage',
      'there is nothing to learn from: no image of the subset "train" is labeled yet',
    );
  }
  const isAsGiven =
    labeled.every(
      ({ own, id }) => own === undefined && !project.imports.some((name) => id.startsWith(`${name}/`)),
    ) &&
    Object.keys(project.subsets).length === 0 &&
    project.classes.length === 0;
  if (isAsGiven) {
    const root = project.data;
    return { root, flags: ['--train-data-roots', root], train: train.length, val: val.length };
  }
  await writeMeta(project, catalog);
  let done = 0;
  for (const entry of labeled) {
    await takeTurn(async () => {
      if (entry.own === undefined) await saveLabels(parts, entry, (await labelsOf(entry)).data);
    });
    done += 1;
    onProgress(done, labeled.length);
  }
  const root = project.dataset;
  const flags = ['--train-data-roots', root];
  if (val.length === 0 && train.length === labeled.length)
    return { root, flags, train: train.length, val: 0 };
  const write = async (name: string, entries: readonly Entry[]) => {
    await makeFolder(project.at('split'));
    await writeFileAtomic(
      project.at('split', name),
      entries.map((entry) => `${nameInList(entry)}\n`).join(''),
    );
    return project.at('split', name);
  };
  const held = val.length > 0 ? val : train.filter((_, at) => at % 5 === 4);
  const learned = val.length > 0 || held.length === 0 ? train : train.filter((_, at) => at % 5 !== 4);
  flags.push('--train-list', await write('train.txt', learned));
  if (held.length > 0) flags.push('--val-list', await write('val.txt', held));
  return { root, flags, train: learned.length, val: held.length };
}
