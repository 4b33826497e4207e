/** @file YOLO segmentation: a text file for each image, with a class number and a polygon in fractions on each line. */
import { join, posix } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, type OpenedItems, WHOLE } from './format.js';
import { ImageFinder, imageMissing } from './image-finder.js';
import { type FileLabel, labelTable, SHAPES_CODING } from './label-table.js';
import { polygon, ring, Wrong } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';

/** Parts of the file that names them. */
const SUBSETS = ['train', 'val', 'test'] as const;
/** A class and the four numbers of a box. */
const BOX = 5;
/** Numbers of a keypoint behind the box: x, y, and how visible it is. */
const KEYPOINT = 3;
/** Of a keypoint in plain sight. As a coordinate of a polygon it would be a whole picture away. */
const IN_SIGHT = 2;

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
      if ((await imagesOf(folder, file, subset)).images.length > 0) found.push(subset);
    return found.length > 0 ? found : [WHOLE];
  },
  async open(folder, subset) {
    const file = (await dataFile(folder))!;
    const path = join(folder.path, file.name);
    if (file.content.kpt_shape !== undefined) {
      throw new OtxError(
        'dataset',
        `${path}: "kpt_shape" says that labels/ holds boxes with keypoints, which enclose no pixels; expected polygons: export ` +
          'the data set for segmentation',
      );
    }
    const labels = namesOf(file.content, path);
    const { classes, indexOf } = labelTable(labels, path);
    const found =
      subset === WHOLE
        ? { images: await imagesBelow(folder, 'images'), problems: [] }
        : await imagesOf(folder, file, subset);
    const classOf = labels.map(({ name }) => indexOf.get(name)!);
    return { classes, coding: SHAPES_CODING, ...(await itemsOf(folder, found, classOf)) };
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
      ...(await folder.folders('labels')).map((part) => posix.join('labels', part)),
      ...(await folder.folders()).map((part) => posix.join(part, 'labels')),
    ];
    for (const place of places) {
      if ((await folder.files(place, 'txt')).length > 0)
        return { name, content: content as DataFile['content'] };
    }
  }
  return undefined;
}

/** An image of a subset. */
interface SubsetImage {
  readonly id: string;
  readonly path: string;
  /** Path below the folder of the data. */
  readonly name: string;
}

interface SubsetImages {
  readonly images: readonly SubsetImage[];
  readonly problems: readonly string[];
}

/** Images of a subset: in one folder or several, or as a list names them; none where it is not there. */
async function imagesOf(folder: Folder, { content }: DataFile, subset: string): Promise<SubsetImages> {
  const given = content[subset] ?? (subset === 'val' ? content.valid : undefined);
  const start = typeof content.path === 'string' ? content.path.replaceAll('\\', '/') : '';
  const named = (Array.isArray(given) ? given : [given]).filter((each) => typeof each === 'string');
  const parts: SubsetImages[] = [];
  for (const name of named) parts.push(await imagesAt(folder, start, name.replaceAll('\\', '/')));
  const found = {
    images: parts.flatMap(({ images }) => images),
    problems: parts.flatMap(({ problems }) => problems),
  };
  if (found.images.length > 0) return found;
  const usual = [`images/${subset}`, `${subset}/images`, ...(subset === 'val' ? ['valid/images'] : [])];
  for (const place of usual) {
    const images = await imagesBelow(folder, place);
    if (images.length > 0) return { images, problems: [] };
  }
  return { images: [], problems: [] };
}

async function imagesAt(folder: Folder, start: string, name: string): Promise<SubsetImages> {
  // Exports are unpacked elsewhere than their file says: what leads out of the folder is taken as lying in it.
  const candidates = [posix.join(start, name), name, name.replace(/^(\.\.\/)+/, '')];
  for (const candidate of candidates) {
    const path = posix.normalize(candidate).replace(/\/+$/, '');
    if (path.startsWith('..') || posix.isAbsolute(path)) continue;
    if (/\.txt$/i.test(path)) {
      if (await folder.hasFile(path)) return imagesListed(folder, path);
      continue;
    }
    const images = await imagesBelow(folder, path);
    if (images.length > 0) return { images, problems: [] };
  }
  return { images: [], problems: [] };
}

async function imagesBelow(folder: Folder, place: string): Promise<SubsetImage[]> {
  const images = await folder.images(place);
  return images.map(({ stem, path, relative }) => ({ id: stem, path, name: posix.join(place, relative) }));
}

/** By paths of this machine or of another one. */
async function imagesListed(folder: Folder, list: string): Promise<SubsetImages> {
  const finder = await ImageFinder.of(folder);
  const lines = (await folder.text(list, 'a list of images')).split(/\r?\n/);
  const problems: string[] = [];
  const images = lines.flatMap((line): SubsetImage[] => {
    const name = line.trim();
    if (name === '') return [];
    const found =
      finder.find(name, ['', posix.dirname(list)]) ?? finder.find(name.replace(/^\.?\/+/, ''), ['']);
    if (!found) {
      problems.push(imageMissing(join(folder.path, list), name, folder.path));
      return [];
    }
    return [{ id: found.stem.replace(/^(.*\/)?images\//, ''), path: found.path, name: found.relative }];
  });
  return { images, problems };
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
  { images, problems }: SubsetImages,
  classOf: readonly number[],
): Promise<Pick<OpenedItems, 'items' | 'problems' | 'notices'>> {
  const collected = new Collected();
  let empty = 0;
  const items: Item[] = [];
  for (const image of images) {
    const name = labelsOf(image.name);
    const path = join(folder.path, name);
    const lines = (await folder.hasFile(name)) ? (await folder.text(name, 'polygons')).split(/\r?\n/) : [];
    if (lines.length === 0) empty++;
    const shapes = lines.flatMap((line, i) => shapesOf(line, classOf, `${path}: line ${i + 1}`, collected));
    items.push({ id: image.id, imagePath: image.path, maskPath: path, shapes: { shapes, ground: 0 } });
  }
  const notices = empty > 0 ? [`${empty} images have no text file and show background only`] : [];
  return {
    items,
    problems: [...problems, ...collected.problems],
    notices: [...collected.notices(), ...notices],
  };
}

/** In the last folder called images, as the trainers of this format do, or beside the image. */
function labelsOf(image: string): string {
  const bare = image.slice(0, image.length - posix.extname(image).length);
  return `${bare.replace(/(^|\/)images\/(?!(.*\/)?images\/)/, '$1labels/')}.txt`;
}

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
    if (isPose(parts)) throw new Wrong('looks like a box with keypoints; expected the corners of a polygon');
    return polygon([ring(parts.slice(1))], classIndex, 'fraction');
  });
}

/** Whether a line is a box and keypoints, whose numbers may well come in pairs as those of corners do. */
function isPose(parts: readonly string[]): boolean {
  if ((parts.length - BOX) % KEYPOINT !== 0) return false;
  const visible = parts.filter((_, i) => i >= BOX && (i - BOX) % KEYPOINT === KEYPOINT - 1).map(Number);
  return visible.includes(IN_SIGHT) && visible.every((each) => [0, 1, IN_SIGHT].includes(each));
}
