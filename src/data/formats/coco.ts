/** @file COCO: one JSON for each subset, with polygons or run lengths, of instances or of stuff. */
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
/** Files of a folder that say other things about the same images; the first of these is taken, which is said. */
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
    const { name, passedOver } = (await filesOf(folder)).get(subset)!;
    const path = join(folder.path, name);
    const parsed = cocoFile.safeParse(await folder.json(name, EXPECTED));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new OtxError(
        'dataset',
        `${path}: ${issue?.path.join('.')} is wrong: ${issue?.message}; expected ${EXPECTED}`,
      );
    }
    const places = [`images/${subset}`, subset, posix.dirname(name), 'images', ''];
    const opened = await itemsOf(parsed.data, path, places, folder);
    const notices = passedOver.map(
      (other) =>
        `${join(folder.path, other)} says something else about the same images and is not read; to learn from that, put it with ` +
        'the images into a folder of its own',
    );
    return { ...opened, notices: [...opened.notices, ...notices] };
  },
};

interface SubsetFile {
  readonly name: string;
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
      return [subset, { name: first!.name, passedOver: others.map(({ name }) => name) }];
    }),
  );
}

async function isCoco(folder: Folder, name: string): Promise<boolean> {
  return folder.says(name, [/"images"\s*:\s*\[/, /"annotations"\s*:\s*\[/, /"categories"\s*:\s*\[/]);
}

async function itemsOf(
  file: CocoFile,
  path: string,
  places: readonly string[],
  folder: Folder,
): Promise<OpenedItems> {
  const collected = new Collected();
  const categories = withoutGroups(file);
  const { classes, indexOf } = labelTable(categories, path);
  const classOf = new Map(categories.map((each) => [String(each.id), indexOf.get(each.name)!]));
  for (const { id: own, name } of categories) {
    const other = categories.find((each) => String(each.id) === String(own) && each.name !== name);
    if (other) {
      throw new OtxError(
        'dataset',
        `${path}: gives the id ${own} to the categories ${name} and ${other.name}`,
      );
    }
  }
  const byImage = new Map<string, Annotation[]>(file.images.map((image) => [String(image.id), []]));
  if (byImage.size < file.images.length) {
    throw new OtxError('dataset', `${path}: gives the same id to several images`);
  }
  for (const annotation of file.annotations) {
    const list = byImage.get(String(annotation.image_id));
    if (list) list.push(annotation);
    else
      collected.problems.push(
        `${path}: annotation ${annotation.id} is of image ${annotation.image_id}, which is not listed`,
      );
  }
  const finder = await ImageFinder.of(folder);
  const items = file.images.flatMap((image): Item[] => {
    const found = finder.find(image.file_name, places);
    if (!found) {
      collected.problems.push(imageMissing(path, image.file_name, folder.path));
      return [];
    }
    const annotations = byImage.get(String(image.id))!;
    // What nobody outlined one by one lies below what somebody did.
    const [crowds, objects] = [true, false].map((isCrowd) =>
      annotations
        .filter((each) => Boolean(each.iscrowd) === isCrowd)
        .flatMap((each) =>
          shapesOf(each, classOf, `${path}: annotation ${each.id} of ${image.file_name}`, collected),
        ),
    );
    const declared =
      image.width === undefined || image.height === undefined
        ? undefined
        : { width: image.width, height: image.height };
    return [
      {
        id: stemOf(image.file_name),
        imagePath: found.path,
        maskPath: path,
        shapes: { shapes: [...crowds!, ...objects!], ground: 0 },
        declared,
      },
    ];
  });
  const { problems } = collected;
  return { classes, coding: SHAPES_CODING, items, problems, notices: collected.notices() };
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
