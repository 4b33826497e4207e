/** @file YOLO segmentation: a text file for each image, with a class number and a polygon in fractions on each line. */
import { join, posix } from 'node:path';
import { OtxError } from '../../base/errors.js';
import type { ImageFile } from '../images/image-files.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, type OpenedItems, WHOLE } from './format.js';
import { type FileLabel, labelTable, SHAPES_CODING } from './label-table.js';
import { polygon, ring, Wrong } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';

/** Parts of the file that names them. */
const SUBSETS = ['train', 'val', 'test'] as const;
/** A class and the four numbers of a box. */
const BOX = 5;

export const yolo: DatasetFormat = {
  name: 'yolo',
  title: 'YOLO segmentation',
  looksFor: 'data.yaml with "names", images/ and labels/*.txt',
  async detect(folder) {
    return (await dataFile(folder)) !== undefined;
  },
  async subsets(folder) {
    const file = (await dataFile(folder))!;
    const found: string[] = [];
    for (const subset of SUBSETS)
      if ((await imageFolder(folder, file, subset)) !== undefined) found.push(subset);
    return found.length > 0 ? found : [WHOLE];
  },
  async open(folder, subset) {
    const file = (await dataFile(folder))!;
    const path = join(folder.path, file.name);
    const labels = namesOf(file.content, path);
    const { classes, indexOf } = labelTable(labels, path);
    const place = subset === WHOLE ? 'images' : (await imageFolder(folder, file, subset))!;
    const classOf = labels.map(({ name }) => indexOf.get(name)!);
    return { classes, coding: SHAPES_CODING, ...(await itemsOf(folder, place, classOf)) };
  },
};

interface DataFile {
  readonly name: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The YAML with the names of the classes, where there are labels. */
async function dataFile(folder: Folder): Promise<DataFile | undefined> {
  for (const name of await folder.files('', 'yaml', 'yml')) {
    const content = await folder.yaml(name, 'the classes in YAML').catch(() => undefined);
    if (typeof content !== 'object' || content === null || !('names' in content)) continue;
    const places = [
      'labels',
      ...SUBSETS.map((subset) => `labels/${subset}`),
      'train/labels',
      'valid/labels',
      'val/labels',
    ];
    for (const place of places) {
      if ((await folder.files(place, 'txt')).length > 0)
        return { name, content: content as DataFile['content'] };
    }
  }
  return undefined;
}

/** Folder of the images of a subset, below the folder of the data. */
async function imageFolder(
  folder: Folder,
  { content }: DataFile,
  subset: string,
): Promise<string | undefined> {
  const given = content[subset] ?? (subset === 'val' ? content.valid : undefined);
  const start = typeof content.path === 'string' ? content.path : '';
  const named = typeof given === 'string' ? given.replaceAll('\\', '/') : undefined;
  const candidates = [
    // Exports are unpacked elsewhere than their file says: what leads out of the folder is taken as lying in it.
    ...(named === undefined ? [] : [posix.join(start, named), named, named.replace(/^(\.\.\/)+/, '')]),
    `images/${subset}`,
    `${subset}/images`,
    ...(subset === 'val' ? ['valid/images'] : []),
  ].map((path) => posix.normalize(path).replace(/\/+$/, ''));
  for (const path of candidates) {
    if (path.startsWith('..') || posix.isAbsolute(path) || /\.txt$/i.test(path)) continue;
    if ((await folder.hasFolder(path)) && (await folder.images(path)).length > 0) return path;
  }
  return undefined;
}

/** A list, or a map from numbers. */
function namesOf({ names }: DataFile['content'], path: string): FileLabel[] {
  const list = Array.isArray(names)
    ? names
    : typeof names === 'object' && names !== null
      ? Object.entries(names).reduce<unknown[]>((all, [key, name]) => {
          const index = Number(key);
          if (Number.isInteger(index) && index >= 0 && index < 1000) all[index] = name;
          return all;
        }, [])
      : [];
  const known = Array.from(list, (name) => (typeof name === 'number' ? String(name) : name));
  if (known.length > 0 && known.every((name) => typeof name === 'string'))
    return known.map((name) => ({ name }));
  throw new OtxError(
    'dataset',
    `${path}: "names" gives no names of classes; expected a list, or a map from 0, 1, …`,
  );
}

async function itemsOf(
  folder: Folder,
  place: string,
  classOf: readonly number[],
): Promise<Pick<OpenedItems, 'items' | 'problems' | 'notices'>> {
  const collected = new Collected();
  const images = await folder.images(place);
  // The last folder called images, as the trainers of this format do.
  const labels = place.replace(/(^|\/)images(?=\/|$)(?!.*\/images(\/|$))/, '$1labels');
  let empty = 0;
  const items: Item[] = [];
  for (const image of images) {
    const name = `${labels}/${stemAsWritten(image)}.txt`;
    const path = join(folder.path, name);
    const lines = (await folder.hasFile(name)) ? (await folder.text(name, 'polygons')).split(/\r?\n/) : [];
    if (lines.length === 0) empty++;
    const shapes = lines.flatMap((line, i) => shapesOf(line, classOf, `${path}: line ${i + 1}`, collected));
    items.push({
      id: image.stem,
      imagePath: image.path,
      maskPath: path,
      shapes: { shapes, ground: 0 },
    });
  }
  const notices = empty > 0 ? [`${empty} images have no text file and show background only`] : [];
  return { items, problems: collected.problems, notices: [...collected.notices(), ...notices] };
}

const stemAsWritten = ({ relative }: ImageFile) =>
  relative.slice(0, relative.length - posix.extname(relative).length);

function shapesOf(line: string, classOf: readonly number[], where: string, collected: Collected): Shape[] {
  const parts = line.trim().split(/\s+/);
  if (parts[0] === '') return [];
  if (parts.length === BOX) {
    collected.passOver('box without an outline', 'boxes without an outline');
    return [];
  }
  return collected.shape(where, () => {
    const classIndex = classOf[Number(parts[0])];
    if (classIndex === undefined)
      throw new Wrong(`has the class ${parts[0]}; the names count from 0 to ${classOf.length - 1}`);
    return polygon([ring(parts.slice(1))], classIndex, 'fraction');
  });
}
