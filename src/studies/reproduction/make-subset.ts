/**
 * @file Makes a subset in the folder of the study: links to the user's pictures, masks with the classes of the subset, and lists.
 *
 *     data/NAME/train   to learn from, in the layout Common Semantic Segmentation
 *     data/NAME/val     to validate on
 *     data/NAME/unlabeled.txt   paths of the images to learn from without labels
 *     data/NAME/images  the same as a folder, for self-supervised training
 *     data/NAME/made.json   written last: which images are in what
 */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { throwIfAborted } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { META_NAMES } from '../../base/outputs/dataset-folder.js';
import { linkFile } from '../../base/outputs/link-file.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { indexPng } from '../../data/formats/write/writer.js';
import { IGNORE_INDEX } from '../../data/index.js';
import { mapConcurrent } from '../../data/loaders/concurrent.js';
import type { TaskHooks } from '../work.js';
import { openPart, type SourceImage, type SourcePart, unlabeledOfKitti } from './copies.js';
import { inTurns, type ShownImage, SUBSETS, type SubsetName, type SubsetRule, shuffled } from './subsets.js';

const MADE = 'made.json';
const AT_ONCE = 4;

/** Folder of a subset in that of the study. */
export const subsetFolder = (root: string, name: SubsetName): string => join(root, 'data', name);

/** Whether a subset is complete. */
export async function isMade(folder: string): Promise<boolean> {
  return (await stat(join(folder, MADE)).catch(() => undefined))?.isFile() ?? false;
}

/** What takes part in the making. */
type MakeHooks = Pick<TaskHooks, 'signal' | 'onEvent'>;

/**
 * Makes a subset, or what is missing of it.
 *
 * @param source folder of the copy of its data set.
 * @returns how many images it has, where they are fewer than published.
 * @throws OtxError `dataset` for a copy that is damaged, or has too few images for any subset.
 */
export async function makeSubset(
  name: SubsetName,
  source: string,
  folder: string,
  hooks: MakeHooks,
): Promise<string | undefined> {
  const rule: SubsetRule = SUBSETS[name];
  const chosen = await choose(name, rule, source, hooks);
  if (chosen.train.length === 0 && chosen.unlabeled.length === 0) {
    throw new OtxError('dataset', `${source}: has no image for ${name}; expected a complete copy`);
  }
  const inputs = { folders: [{ path: source, what: `the copy of ${rule.source}` }] };
  const outputs = await Outputs.open({ root: folder, folders: ['.'], inputs, isDataset: true });
  try {
    for (const part of ['train', 'val'] as const) {
      await writePart(outputs, part, chosen.classes, chosen[part], hooks);
    }
    if (chosen.unlabeled.length > 0) {
      const paths = chosen.unlabeled.map(({ path }) => `${path}\n`);
      await outputs.write('unlabeled.txt', paths.join(''));
    }
    // A folder of links serves self-supervised training alone.
    if (chosen.train.length === 0) {
      for (const { id, path, ending } of chosen.unlabeled)
        await linkFile(outputs.path(join('images', `${id}${ending}`)), resolve(path));
    }
    const ids = (images: readonly { readonly id: string }[]) => images.map(({ id }) => id);
    const lists = { train: ids(chosen.train), val: ids(chosen.val), unlabeled: ids(chosen.unlabeled) };
    await outputs.write(MADE, `${JSON.stringify({ source, classes: chosen.classes, ...lists }, null, 1)}\n`);
  } finally {
    await outputs.close();
  }
  return shortage(rule, chosen);
}

interface Chosen {
  readonly classes: readonly string[];
  readonly train: readonly Labeled[];
  readonly val: readonly Labeled[];
  readonly unlabeled: readonly Omit<SourceImage, 'labels'>[];
}

/** An image with the way from classes of the data set to those of the subset. */
type Labeled = SourceImage & { readonly map: Uint8Array };

async function choose(name: SubsetName, rule: SubsetRule, source: string, hooks: MakeHooks): Promise<Chosen> {
  const train = await candidatesOf(rule, await openPart(rule.source, source, 'train', hooks.signal), hooks);
  const { classes, images, map } = train;
  const order = shuffled(
    images.map((each) => ({ ...each, id: each.image.id })),
    rule.order ?? name,
  );
  const sizes = rule.sizes(images.length);
  const isAnyClass = rule.classes === undefined;
  const first = isAnyClass ? order.slice(0, sizes.labeled) : inTurns(order, classes.length, sizes.labeled);
  const taken = new Set(first.map(({ image }) => image.id));
  const others = order.filter(({ image }) => !taken.has(image.id)).map(({ image }) => image);
  const labeled = (list: readonly ShownImage[]) => list.map(({ image }) => ({ ...image, map }));
  if (rule.source === 'KITTI') {
    const val = others.slice(0, sizes.validation);
    const elsewhere = await unlabeledOfKitti(source);
    const unlabeled = elsewhere.length > 0 ? elsewhere : others.slice(val.length);
    return {
      ...{ classes, train: labeled(first), val: val.map((image) => ({ ...image, map })) },
      unlabeled: unlabeled.slice(0, sizes.unlabeled),
    };
  }
  const unlabeled = others.slice(0, sizes.unlabeled);
  if (sizes.validation === 0) return { classes, train: labeled(first), val: [], unlabeled };
  const validation = await candidatesOf(
    rule,
    await openPart(rule.source, source, 'val', hooks.signal),
    hooks,
  );
  const ordered = shuffled(
    validation.images.map((each) => ({ ...each, id: each.image.id })),
    `${rule.order ?? name}:val`,
  );
  return { classes, train: labeled(first), val: labeled(ordered.slice(0, sizes.validation)), unlabeled };
}

interface Candidates {
  readonly classes: readonly string[];
  /** Those that show a class of the subset. */
  readonly images: readonly ShownImage[];
  readonly map: Uint8Array;
}

async function candidatesOf(
  rule: SubsetRule,
  { classes, images }: SourcePart,
  { signal, onEvent }: MakeHooks,
): Promise<Candidates> {
  const map = Uint8Array.from({ length: 256 }, (_, index) => (index < classes.length ? index : IGNORE_INDEX));
  if (!rule.classes) return { classes, images: images.map((image) => ({ image, shown: new Set() })), map };
  const kept = Object.entries(rule.classes);
  classes.forEach((name, index) => {
    map[index] = kept.findIndex(([, of]) => of.includes(name)) + 1;
  });
  let done = 0;
  const shown = await mapConcurrent(
    images,
    AT_ONCE,
    async (image): Promise<ShownImage> => {
      const { data } = await image.labels();
      const found = new Set(new Set(data));
      onEvent({ type: 'progress', task: 'check', done: ++done, total: images.length });
      return {
        image,
        shown: new Set(
          [...found].map((index) => map[index]!).filter((index) => index > 0 && index < IGNORE_INDEX),
        ),
      };
    },
    { signal },
  );
  const names = ['background', ...kept.map(([name]) => name)];
  return { classes: names, images: shown.filter((one) => one.shown.size > 0), map };
}

async function writePart(
  outputs: Outputs,
  part: 'train' | 'val',
  classes: readonly string[],
  images: readonly Labeled[],
  { signal, onEvent }: MakeHooks,
): Promise<void> {
  if (images.length === 0) return;
  let done = 0;
  await mapConcurrent(images, AT_ONCE, async ({ id, path, ending, labels, map }) => {
    throwIfAborted(signal, 'making a subset');
    const { data, width, height } = await labels();
    const mask = await indexPng({ labels: data.map((index) => map[index]!), width, height });
    await outputs.write(`${part}/masks/${id}.png`, mask);
    await linkFile(outputs.path(`${part}/images/${id}${ending}`), path);
    onEvent({ type: 'progress', task: 'convert', done: ++done, total: images.length });
  });
  // Last: a folder with it is a data set.
  const meta = { label_map: Object.fromEntries(classes.map((name, index) => [String(index), name])) };
  await outputs.write(`${part}/${META_NAMES[0]}`, `${JSON.stringify(meta, null, 2)}\n`);
}

/** Where a copy has fewer images than the documentation tells. */
function shortage(rule: SubsetRule, { train, val, unlabeled }: Chosen): string | undefined {
  const { labeled, ...others } = rule.sizes(Number.POSITIVE_INFINITY);
  const wanted = [
    ['labeled', train.length, labeled],
    ['unlabeled', unlabeled.length, others.unlabeled],
    ['to validate on', val.length, others.validation],
  ] as const;
  const few = wanted.filter(([, found, published]) => Number.isFinite(published) && found < published);
  if (few.length === 0) return undefined;
  const parts = few.map(([what, found, published]) => `${found} of ${published} images ${what}`);
  return `less than published: ${parts.join(', ')}`;
}
