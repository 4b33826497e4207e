/** @file labelme: a JSON beside each image, with polygons, rectangles, circles and masks. */
import { join, posix } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../../base/errors.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { ImageFinder, imageMissing, stemOf } from './image-finder.js';
import { type FileLabel, labelTable, SHAPES_CODING } from './label-table.js';
import { ellipse, finite, polygon, ring, ringOfPairs, Wrong } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';
import { isSubsetName } from './subsets.js';

const labelmeFile = z.looseObject({
  shapes: z.array(
    z.looseObject({
      label: z.string(),
      points: z.unknown().optional(),
      shape_type: z.string().nullish(),
      mask: z.string().nullish(),
    }),
  ),
  imagePath: z.string(),
  imageHeight: z.number().nullish(),
  imageWidth: z.number().nullish(),
});
type LabelmeFile = z.infer<typeof labelmeFile>;

const EXPECTED = 'an annotation of labelme in JSON';

export const labelme: DatasetFormat = {
  name: 'labelme',
  title: 'labelme',
  looksFor: 'a JSON with "shapes" and "imagePath" for each image',
  async detect(folder) {
    for (const subset of await this.subsets(folder)) {
      const [first] = await jsonFiles(folder, subset);
      if (first !== undefined && (await isLabelme(folder, first))) return true;
    }
    return false;
  },
  async subsets(folder) {
    const names = (await folder.folders()).filter(isSubsetName);
    const found: string[] = [];
    for (const name of names) if ((await jsonFiles(folder, name)).length > 0) found.push(name);
    return found.length > 0 ? found : [WHOLE];
  },
  async open(folder, subset) {
    const collected = new Collected();
    const files: { name: string; subset: string; file: LabelmeFile }[] = [];
    // Of all subsets, so that each has the same classes.
    for (const each of await this.subsets(folder)) {
      for (const name of await jsonFiles(folder, each)) {
        if (await isLabelme(folder, name)) files.push({ name, subset: each, file: await read(folder, name) });
      }
    }
    const labels = await labelsOf(
      folder,
      files.map(({ file }) => file),
    );
    const { classes, indexOf } = labelTable(labels, folder.path);
    const finder = await ImageFinder.of(folder);
    const items = files
      .filter((each) => each.subset === subset)
      .flatMap(({ name, file }): Item[] =>
        itemOf(name, file, { folder, subset, finder, indexOf, collected }),
      );
    const without = finder.images.length - files.length;
    const notices = without > 0 ? [`${without} images have no JSON and are left out`] : [];
    return {
      classes,
      coding: SHAPES_CODING,
      items,
      problems: collected.problems,
      notices: [...collected.notices(), ...notices],
    };
  },
};

/** Of a subset, in it and below, three folders deep at most. */
async function jsonFiles(folder: Folder, subset: string): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (place: string, depth: number): Promise<void> => {
    for (const name of await folder.files(place, 'json')) found.push(posix.join(place, name));
    if (depth === 0) return;
    for (const name of await folder.folders(place)) await walk(posix.join(place, name), depth - 1);
  };
  await walk(subset, 3);
  return found;
}

const isLabelme = (folder: Folder, name: string): Promise<boolean> =>
  folder.says(name, [/"shapes"\s*:\s*\[/, /"imagePath"\s*:/]);

async function read(folder: Folder, name: string): Promise<LabelmeFile> {
  const parsed = labelmeFile.safeParse(await folder.json(name, EXPECTED));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OtxError(
    'dataset',
    `${join(folder.path, name)}: ${issue?.path.join('.')} is wrong: ${issue?.message}; expected ${EXPECTED}`,
  );
}

/** labels.txt, as labelme takes it; without one, all labels in alphabetical order. */
async function labelsOf(folder: Folder, files: readonly LabelmeFile[]): Promise<FileLabel[]> {
  if (await folder.hasFile('labels.txt')) {
    const lines = (await folder.text('labels.txt', 'the names of the classes')).split(/\r?\n/);
    return lines.flatMap((line) => (line.trim() === '' ? [] : [{ name: line.trim() }]));
  }
  const used = new Set(files.flatMap(({ shapes }) => shapes.map(({ label }) => label)));
  return [...used].sort().map((name) => ({ name }));
}

interface Surroundings {
  readonly folder: Folder;
  readonly subset: string;
  readonly finder: ImageFinder;
  readonly indexOf: ReadonlyMap<string, number>;
  readonly collected: Collected;
}

function itemOf(name: string, file: LabelmeFile, around: Surroundings): Item[] {
  const { folder, subset, finder, indexOf, collected } = around;
  const path = join(folder.path, name);
  const place = posix.dirname(name);
  const found = finder.find(file.imagePath, [place]) ?? finder.find(stemOf(name), ['']);
  if (!found) {
    collected.problems.push(imageMissing(path, file.imagePath, folder.path));
    return [];
  }
  const shapes = file.shapes.flatMap((shape, i): Shape[] => {
    const where = `${path}: shape ${i} (${shape.label})`;
    const classIndex = indexOf.get(shape.label);
    if (classIndex === undefined) {
      collected.problems.push(`${where} has a label that is not in labels.txt`);
      return [];
    }
    const type = shape.shape_type ?? 'polygon';
    if (!Object.hasOwn(PARSERS, type)) {
      collected.passOver(type);
      return [];
    }
    return collected.shape(where, () => PARSERS[type as keyof typeof PARSERS](shape, classIndex));
  });
  const { imageWidth: width, imageHeight: height } = file;
  const declared = width && height ? { width, height } : undefined;
  const id = stemOf(subset === WHOLE ? name : posix.relative(subset, name));
  return [{ id, imagePath: found.path, maskPath: path, shapes: { shapes, ground: 0 }, declared }];
}

type Drawn = LabelmeFile['shapes'][number];

/** By type; others enclose nothing. */
const PARSERS = {
  polygon: ({ points }: Drawn, classIndex: number): Shape | undefined =>
    polygon([ringOfPairs(points)], classIndex),
  rectangle: ({ points }: Drawn, classIndex: number): Shape | undefined => {
    const [x0, y0, x1, y1] = corners(points);
    return polygon([ring([x0, y0, x1, y0, x1, y1, x0, y1])], classIndex);
  },
  /** By its centre and a point on it. */
  circle: ({ points }: Drawn, classIndex: number): Shape | undefined => {
    const [x, y, atX, atY] = corners(points);
    const radius = Math.hypot(atX - x, atY - y);
    return ellipse([x, y], [radius, radius], 0, classIndex);
  },
  /** A picture in the box of two corners. */
  mask: ({ points, mask }: Drawn, classIndex: number): Shape => {
    const [left, top] = corners(points).map(Math.trunc) as [number, number];
    if (!mask) throw new Wrong('is a mask without a picture');
    return { kind: 'bitmap', classIndex, left, top, bytes: Uint8Array.from(Buffer.from(mask, 'base64')) };
  },
};

/** Two points. @throws Wrong */
function corners(points: unknown): [number, number, number, number] {
  const numbers = Array.isArray(points) ? points.flat() : [];
  if (numbers.length !== 4) throw new Wrong(`has ${numbers.length / 2} corners; expected 2`);
  return numbers.map(finite) as [number, number, number, number];
}
