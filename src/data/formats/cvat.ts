/** @file CVAT for images: annotations.xml with polygons and masks, and the labels of the task. */
import { join } from 'node:path';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { messageOf, OtxError } from '../../base/errors.js';
import type { Rgb } from '../masks/color-vision.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { ImageFinder, imageMissing, stemOf } from './image-finder.js';
import { type FileLabel, labelTable, SHAPES_CODING } from './label-table.js';
import { ellipse, finite, polygon, ringOfPairs, runs, wholeNumber } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';

/** Elements that enclose pixels. */
const AREAS = ['polygon', 'mask', 'ellipse'];
/** Labels of these are drawn around nothing. */
const NOT_AREAS = ['skeleton', 'points', 'polyline', 'tag', 'cuboid'];

export const cvat: DatasetFormat = {
  name: 'cvat',
  title: 'CVAT for images',
  looksFor: 'annotations.xml with <image> and <polygon> or <mask>, and images/',
  async detect(folder) {
    return (await filesOf(folder)).length > 0;
  },
  async subsets(folder) {
    const files = await filesOf(folder);
    if (files.length > 1) return files.map((name) => stemOf(name));
    const text = await folder.text(files[0]!, 'annotations of CVAT');
    // Projects name the subset of each image.
    const named = new Set([...text.matchAll(/<image\b[^>]*\ssubset="([^"]*)"/g)].map((match) => match[1]!));
    return named.size > 1 ? [...named].sort() : [WHOLE];
  },
  async open(folder, subset) {
    const files = await filesOf(folder);
    const name = files.length > 1 ? `${subset}.xml` : files[0]!;
    const path = join(folder.path, name);
    const root = parse(await folder.text(name, 'annotations of CVAT'), path);
    const labels = labelsOf(root);
    const { classes, indexOf } = labelTable(labels, path);
    const collected = new Collected();
    const images = elements(root, 'image').filter(
      ({ attributes }) => files.length > 1 || subset === WHOLE || attributes.subset === subset,
    );
    const finder = await ImageFinder.of(folder);
    const items = images.flatMap((image): Item[] => {
      const { name: file = '', width, height } = image.attributes;
      const places = [
        `images/${image.attributes.subset ?? subset}`,
        `images/${subset}`,
        'images',
        subset,
        '',
      ];
      const found = finder.find(file, places);
      if (!found) {
        collected.problems.push(imageMissing(path, file, folder.path));
        return [];
      }
      const shapes = shapesOf(image, indexOf, `${path}: image ${file}`, collected);
      const declared = width && height ? { width: Number(width), height: Number(height) } : undefined;
      return [
        {
          id: idOf(file, subset),
          imagePath: found.path,
          maskPath: path,
          shapes: { shapes, ground: 0 },
          declared,
        },
      ];
    });
    const { problems } = collected;
    return { classes, coding: SHAPES_CODING, items, problems, notices: collected.notices() };
  },
};

/** Exports name images with or without the folder of their subset. */
function idOf(file: string, subset: string): string {
  const stem = stemOf(file);
  return subset !== WHOLE && stem.startsWith(`${subset}/`) ? stem.slice(subset.length + 1) : stem;
}

async function filesOf(folder: Folder): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await folder.files('', 'xml')) {
    if (await folder.says(name, [/<annotations[\s>]/, /<image\s|<track\s/])) found.push(name);
  }
  return found;
}

/** @throws OtxError `dataset` */
function parse(text: string, path: string): XmlElement {
  let root: XmlElement | null;
  try {
    root = parseXml(text).root;
  } catch (error) {
    const reason = error instanceof RangeError ? 'it nests too deeply' : messageOf(error).split('\n')[0];
    throw new OtxError('dataset', `${path}: is not valid XML (${reason})`);
  }
  if (root === null || elements(root, 'image').length > 0) return root!;
  const isVideo = elements(root, 'track').length > 0;
  const reason = isVideo ? 'has the tracks of a video; export it as "CVAT for images"' : 'has no <image>';
  throw new OtxError('dataset', `${path}: ${reason}`);
}

function elements(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter(
    (child): child is XmlElement => child instanceof XmlElement && child.name === name,
  );
}

const below = (parents: readonly XmlElement[], name: string) =>
  parents.flatMap((parent) => elements(parent, name));
const textOf = (parent: XmlElement, name: string) => elements(parent, name)[0]?.text.trim();

/** Labels of the task, project or job; in files without any, those that are used, in alphabetical order. */
function labelsOf(root: XmlElement): FileLabel[] {
  const meta = elements(root, 'meta');
  const owners = [...below(meta, 'task'), ...below(meta, 'project'), ...below(meta, 'job'), ...meta];
  const labels = below(below(owners, 'labels'), 'label').filter(
    (label) => elements(label, 'parent').length === 0 && !NOT_AREAS.includes(textOf(label, 'type') ?? ''),
  );
  if (labels.length > 0) {
    return labels.map((label) => ({
      name: textOf(label, 'name') ?? '',
      color: colorOf(textOf(label, 'color')),
    }));
  }
  const used = elements(root, 'image').flatMap((image) =>
    image.children.flatMap((child) => (child instanceof XmlElement ? (child.attributes.label ?? []) : [])),
  );
  return [...new Set(used)].sort().map((name) => ({ name }));
}

/** `#rrggbb` */
export function colorOf(text: string | undefined): Rgb | undefined {
  const match = /^#?([0-9a-f]{6})$/i.exec(text ?? '');
  if (!match) return undefined;
  const value = Number.parseInt(match[1]!, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function shapesOf(
  image: XmlElement,
  indexOf: ReadonlyMap<string, number>,
  where: string,
  collected: Collected,
): Shape[] {
  const drawn = image.children.filter((child): child is XmlElement => child instanceof XmlElement);
  const zOf = ({ attributes }: XmlElement) => Number(attributes.z_order ?? 0) || 0;
  return [...drawn]
    .sort((a, b) => zOf(a) - zOf(b))
    .flatMap((element): Shape[] => {
      if (element.name === 'tag') return [];
      if (!AREAS.includes(element.name)) {
        collected.passOver(element.name, element.name === 'box' ? 'boxes' : `${element.name}s`);
        return [];
      }
      const { label = '' } = element.attributes;
      const classIndex = indexOf.get(label);
      if (classIndex === undefined) {
        collected.problems.push(
          `${where} has a ${element.name} of the label "${label}", which is not listed`,
        );
        return [];
      }
      return collected.shape(`${where}: a ${element.name} of ${label}`, () => shapeOf(element, classIndex));
    });
}

/** @throws Wrong */
function shapeOf({ name, attributes }: XmlElement, classIndex: number): Shape | undefined {
  if (name === 'polygon') {
    const pairs = (attributes.points ?? '').split(';').map((pair) => pair.split(',').map(finite));
    return polygon([ringOfPairs(pairs)], classIndex);
  }
  if (name === 'ellipse') {
    const { cx, cy, rx, ry, rotation = '0' } = attributes;
    return ellipse([finite(cx), finite(cy)], [finite(rx), finite(ry)], finite(rotation), classIndex);
  }
  const { rle = '', left, top, width, height } = attributes;
  const [x, y, columns, rows] = [left, top, width, height].map(wholeNumber) as [
    number,
    number,
    number,
    number,
  ];
  const counts = rle.split(',').filter((count) => count.trim() !== '');
  return runs(counts, { classIndex, order: 'rows', left: x, top: y, width: columns, height: rows });
}
