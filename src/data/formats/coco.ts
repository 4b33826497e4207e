/** @file COCO: one JSON for each subset, with polygons or run lengths, of instances, of stuff, or one of each. */
import { join, posix } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../../base/errors.js';
import { IGNORE_INDEX } from '../types.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, type OpenedItems, WHOLE } from './format.js';
import { ImageFinder, imageMissing, stemOf } from './image-finder.js';
import { labelTable, SHAPES_CODING } from './label-table.js';
import { cocoRuns, polygon, ring, Wrong } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';
import { isSubsetName } from './subsets.js';

const id = z.union([z.number(), z.string()]);
const cocoFile = z.looseObject({
  images: z.array(
    z.looseObject({ id, file_name: z.string(), width: z.number().optional(), height: z.number().optional() }),
  ),
  categories: z.array(z.looseObject({ id, name: z.string(), supercategory: z.string().nullish() })),
  annotations: z.array(
    z.looseObject({
      id: id.optional(),
      image_id: id,
      category_id: id.nullish(),
      iscrowd: z.union([z.number(), z.boolean()]).nullish(),
      segmentation: z.unknown().optional(),
    }),
  ),
});
type CocoFile = z.infer<typeof cocoFile>;
type Annotation = CocoFile['annotations'][number];

const EXPECTED = 'annotations of COCO in JSON';
/** Files of a folder that say different things about the same images: what can be counted, and what surrounds it. */
const KINDS = ['instances', 'stuff'];
const OTHERS = /^(captions|person_keypoints|panoptic|image_info|labels)_/;

export const coco: DatasetFormat = {
  name: 'coco',
  title: 'COCO',
  looksFor: 'a JSON with "images", "annotations" and "categories", in annotations/ or beside the images',
  async detect(folder) {
    return (await filesOf(folder)).size > 0;
  },
  async subsets(folder) {
    return [...(await filesOf(folder)).keys()];
  },
  async open(folder, subset) {
    const { names, passedOver } = (await filesOf(folder)).get(subset)!;
    const parts: Part[] = [];
    for (const name of names) parts.push(await partOf(folder, name));
    const places = [`images/${subset}`, subset, posix.dirname(names[0]!), 'images', ''];
    const opened = await itemsOf(parts, places, folder);
    const notices = passedOver.map(
      (other) =>
        `${join(folder.path, other)} says something else about the same images and is not read; to learn from that, put it with ` +
        'the images into a folder of its own',
    );
    return { ...opened, notices: [...opened.notices, ...notices] };
  },
};

/** A file of a subset. */
interface Part {
  readonly path: string;
  readonly file: CocoFile;
}

async function partOf(folder: Folder, name: string): Promise<Part> {
  const path = join(folder.path, name);
  const parsed = cocoFile.safeParse(await folder.json(name, EXPECTED));
  if (parsed.success) return { path, file: parsed.data };
  const [issue] = parsed.error.issues;
  throw new OtxError(
    'dataset',
    `${path}: ${issue?.path.join('.')} is wrong: ${issue?.message}; expected ${EXPECTED}`,
  );
}

interface SubsetFile {
  /** The file, or those of instances and of stuff. */
  readonly names: readonly string[];
  /** Others of the same subset. */
  readonly passedOver: readonly string[];
}

/** The file of each subset, and those that are passed over for it. */
async function filesOf(folder: Folder): Promise<ReadonlyMap<string, SubsetFile>> {
  const found = new Map<string, { name: string; kind: number }[]>();
  const add = async (place: string, file: string, subset: string, kind: number) => {
    const name = posix.join(place, file);
    if (await isCoco(folder, name)) found.set(subset, [...(found.get(subset) ?? []), { name, kind }]);
  };
  for (const place of ['annotations', '']) {
    for (const file of await folder.files(place, 'json')) {
      if (OTHERS.test(file)) continue;
      const bare = file.replace(/(\.coco)?\.json$/i, '');
      const kind = KINDS.findIndex((each) => bare.startsWith(`${each}_`));
      const subset = kind < 0 ? bare.replace(/_?annotations?$/, '') : bare.slice(KINDS[kind]!.length + 1);
      const isNamed = isSubsetName(subset) || kind >= 0;
      await add(place, file, isNamed ? subset : WHOLE, kind < 0 ? KINDS.length : kind);
    }
  }
  // As Roboflow writes it: a folder for each subset, with the file among the images.
  for (const place of (await folder.folders()).filter(isSubsetName)) {
    for (const file of await folder.files(place, 'json')) await add(place, file, place, 0);
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    sorted.map(([subset, files]) => {
      const [first, ...others] = files.sort((a, b) => a.kind - b.kind);
      const isPair = first!.kind === 0 && others[0]?.kind === 1;
      const joined = isPair ? [first!, others.shift()!] : [first!];
      return [subset, { names: joined.map(({ name }) => name), passedOver: others.map(({ name }) => name) }];
    }),
  );
}

async function isCoco(folder: Folder, name: string): Promise<boolean> {
  return folder.says(name, [/"images"\s*:\s*\[/, /"annotations"\s*:\s*\[/, /"categories"\s*:\s*\[/]);
}

async function itemsOf(
  parts: readonly Part[],
  places: readonly string[],
  folder: Folder,
): Promise<OpenedItems> {
  const collected = new Collected();
  const [{ path }] = parts as readonly [Part];
  const { readings, classes } = readingsOf(parts, collected);
  const [first, ...others] = readings as [Reading, ...Reading[]];
  const finder = await ImageFinder.of(folder);
  let alone = 0;
  const byName = others.map(({ images }) => new Map(images.map((each) => [each.image.file_name, each])));
  const items = first.images.flatMap(({ image, annotations }): Item[] => {
    const same = byName.map((images) => images.get(image.file_name));
    if (same.includes(undefined)) {
      alone += 1;
      return [];
    }
    const found = finder.find(image.file_name, places);
    if (!found) {
      collected.problems.push(imageMissing(path, image.file_name, folder.path));
      return [];
    }
    const shapes = (reading: Reading, of: readonly Annotation[], isCrowd: boolean) =>
      of
        .filter((each) => Boolean(each.iscrowd) === isCrowd)
        .flatMap((each) => {
          const where = `${reading.path}: annotation ${each.id} of ${image.file_name}`;
          return shapesOf(each, reading.classOf, where, collected);
        });
    // Stuff surrounds what can be counted, and what nobody outlined one by one lies below what somebody did.
    const drawn = [
      ...others.flatMap((other, i) =>
        [true, false].flatMap((isCrowd) => shapes(other, same[i]!.annotations, isCrowd)),
      ),
      ...shapes(first, annotations, true),
      ...shapes(first, annotations, false),
    ];
    const declared =
      image.width === undefined || image.height === undefined
        ? undefined
        : { width: image.width, height: image.height };
    return [
      {
        id: stemOf(image.file_name),
        imagePath: found.path,
        maskPath: path,
        shapes: { shapes: drawn, ground: 0 },
        declared,
      },
    ];
  });
  const { problems } = collected;
  const notices = [...joinedNotices(parts, alone, others), ...collected.notices()];
  return { classes, coding: SHAPES_CODING, items, problems, notices };
}

/** What is said of two files that are read as one. */
function joinedNotices(parts: readonly Part[], alone: number, others: readonly Reading[]): string[] {
  if (others.length === 0) return [];
  const paths = parts.map(({ path }) => path).join(' and ');
  const missing =
    alone === 0
      ? ''
      : `; ${alone} ${alone === 1 ? 'image' : 'images'} of the first ${alone === 1 ? 'is' : 'are'} left out, of which the ` +
        'other says nothing';
  return [`${paths} are read together: things over what surrounds them${missing}`];
}

/** A file by its images. */
interface Reading {
  readonly path: string;
  /** By the id of a category. */
  readonly classOf: ReadonlyMap<string, number>;
  readonly images: readonly { image: CocoFile['images'][number]; annotations: Annotation[] }[];
}

/** What the stuff of COCO calls the place of all things; beside the things themselves it says nothing. */
const isPlaceOfThings = ({ name, supercategory }: CocoFile['categories'][number]): boolean =>
  name === 'other' && supercategory === 'other';

function readingsOf(
  parts: readonly Part[],
  collected: Collected,
): { readings: Reading[]; classes: OpenedItems['classes'] } {
  const categories = parts.map(({ file }, index) =>
    withoutGroups(file).filter((each) => index === 0 || !isPlaceOfThings(each)),
  );
  const { classes, indexOf } = labelTable(categories.flat(), parts[0]!.path);
  const readings = parts.map(({ path, file }, index) => {
    const own = categories[index]!;
    requireOwnIds(own, path);
    const classOf = new Map(own.map((each) => [String(each.id), indexOf.get(each.name)!]));
    if (index > 0) {
      for (const each of file.categories.filter(isPlaceOfThings)) classOf.set(String(each.id), 0);
    }
    return { path, classOf, images: imagesOf({ path, file }, collected) };
  });
  return { readings, classes };
}

function requireOwnIds(categories: CocoFile['categories'], path: string): void {
  for (const { id: own, name } of categories) {
    const other = categories.find((each) => String(each.id) === String(own) && each.name !== name);
    if (!other) continue;
    throw new OtxError('dataset', `${path}: gives the id ${own} to the categories ${name} and ${other.name}`);
  }
}

function imagesOf({ path, file }: Part, collected: Collected): Reading['images'] {
  const byId = new Map(
    file.images.map((image) => [String(image.id), { image, annotations: [] as Annotation[] }]),
  );
  if (byId.size < file.images.length) {
    throw new OtxError('dataset', `${path}: gives the same id to several images`);
  }
  for (const annotation of file.annotations) {
    const of = byId.get(String(annotation.image_id));
    if (of) of.annotations.push(annotation);
    else
      collected.problems.push(
        `${path}: annotation ${annotation.id} is of image ${annotation.image_id}, which is not listed`,
      );
  }
  return [...byId.values()];
}

/** Roboflow lists the group of all classes among them, as the first one. */
function withoutGroups({ categories, annotations }: CocoFile): CocoFile['categories'] {
  const used = new Set(annotations.map(({ category_id }) => String(category_id)));
  const isGroup = ({ id: own, name }: CocoFile['categories'][number]) =>
    !used.has(String(own)) && categories.some((other) => other.supercategory === name && other.name !== name);
  return categories.filter((category) => !isGroup(category));
}

function shapesOf(
  { category_id, iscrowd, segmentation }: Annotation,
  classOf: ReadonlyMap<string, number>,
  where: string,
  collected: Collected,
): Shape[] {
  const classIndex = iscrowd ? IGNORE_INDEX : classOf.get(String(category_id));
  if (classIndex === undefined) {
    collected.problems.push(`${where} is of category ${category_id}, which is not listed`);
    return [];
  }
  const isEmpty = segmentation === undefined || segmentation === null;
  if (isEmpty || (Array.isArray(segmentation) && segmentation.length === 0)) {
    collected.passOver('box without an outline', 'boxes without an outline');
    return [];
  }
  if (!Array.isArray(segmentation)) return collected.shape(where, () => cocoRuns(segmentation, classIndex));
  // Parts of one object: what is in any of them is of the object.
  return segmentation.flatMap((part) =>
    collected.shape(where, () => {
      if (!Array.isArray(part)) throw new Wrong('has a part that is no list of corners');
      return polygon([ring(part)], classIndex);
    }),
  );
}
