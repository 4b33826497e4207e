/** @file Pascal VOC, and what CVAT and labelme export under this name: colours in SegmentationClass, lists in ImageSets. */
import { join, posix } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { uniqueByStem } from '../datasets/pairing.js';
import type { ImageFile } from '../images/image-files.js';
import type { Rgb } from '../masks/color-vision.js';
import { vocPalette } from '../masks/palette.js';
import { IGNORE_INDEX, type MaskCoding } from '../types.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, type OpenedItems, WHOLE } from './format.js';
import { type FileLabel, isBackgroundName, labelTable } from './label-table.js';
import { roleOf } from './subsets.js';

/** labelme called its PNG folder so, beside one of arrays. */
const MASKS = ['SegmentationClassPNG', 'SegmentationClass'];
const IMAGES = ['JPEGImages', 'images'];
const LISTS = 'ImageSets/Segmentation';
const PALETTE = vocPalette(256);
const NAMES = (
  'background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant ' +
  'sheep sofa train tvmonitor'
).split(' ');

export const voc: DatasetFormat = {
  name: 'voc',
  title: 'Pascal VOC',
  looksFor: 'SegmentationClass/ and JPEGImages/, with lists in ImageSets/Segmentation/',
  async detect(folder) {
    return (await maskFolder(folder)) !== undefined && (await imageFolder(folder)) !== undefined;
  },
  async subsets(folder) {
    const names = (await folder.files(LISTS, 'txt')).map((name) => name.slice(0, -'.txt'.length));
    const parts = names.filter((name) => roleOf(name) !== undefined);
    // trainval is no part of its own where there are parts.
    return names.length === 0 ? [WHOLE] : parts.length > 0 ? parts : names;
  },
  async open(folder, subset) {
    const images = await folder.images((await imageFolder(folder))!);
    const maskPlace = (await maskFolder(folder))!;
    const masks = await folder.images(maskPlace);
    const ids = subset === WHOLE ? masks.map(({ stem }) => stem) : await listed(folder, subset);
    const { items, problems } = pair(folder, ids, images, masks, maskPlace);
    return { ...(await labelsOf(folder)), items, problems };
  },
};

async function maskFolder(folder: Folder): Promise<string | undefined> {
  for (const name of MASKS) if ((await folder.images(name)).length > 0) return name;
  return undefined;
}

async function imageFolder(folder: Folder): Promise<string | undefined> {
  for (const name of IMAGES) if (await folder.hasFolder(name)) return name;
  return undefined;
}

/** Names in a list; some tools put a number behind each. */
async function listed(folder: Folder, subset: string): Promise<readonly string[]> {
  const text = await folder.text(`${LISTS}/${subset}.txt`, 'a list of images');
  const names = text.split(/\r?\n/).map((line) => line.replace(/\s+-?[01]\s*$/, '').trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

function pair(
  folder: Folder,
  ids: readonly string[],
  images: readonly ImageFile[],
  masks: readonly ImageFile[],
  maskPlace: string,
): Pick<OpenedItems, 'items' | 'problems'> {
  const problems: string[] = [];
  const [imageOf, maskOf] = [images, masks].map((files) => uniqueByStem(files, problems));
  const items: Item[] = [];
  for (const id of ids) {
    const name = id.normalize('NFC');
    const stem = imageOf!.has(name) ? name : name.slice(0, name.length - posix.extname(name).length);
    const [image, mask] = [imageOf!.get(stem), maskOf!.get(stem)];
    if (image && mask) items.push({ id: stem, imagePath: image.path, maskPath: mask.path });
    else if (image) problems.push(`${image.path} has no mask (expected ${maskPlace}/${stem}.png)`);
    else if (mask) problems.push(`${mask.path} has no image (expected JPEGImages/${stem}.jpg)`);
    else
      problems.push(`${join(folder.path, LISTS)}: lists ${name}, of which there is neither image nor mask`);
  }
  return { items, problems };
}

/** The classes: of labelmap.txt, or the names that labelme writes, or those of the challenge. */
async function labelsOf(folder: Folder): Promise<Pick<OpenedItems, 'classes' | 'coding' | 'notices'>> {
  for (const name of ['labelmap.txt', 'class_names.txt']) {
    if (!(await folder.hasFile(name))) continue;
    const path = join(folder.path, name);
    const lines = (await folder.text(name, 'the names of the classes'))
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
    if (name === 'labelmap.txt')
      return byColors(
        lines.map((line) => parseLabel(line, path)),
        path,
      );
    return {
      ...byNumbers(
        lines.map((line) => ({ name: line.trim() })),
        path,
      ),
      notices: [],
    };
  }
  return {
    ...byNumbers(
      NAMES.map((name) => ({ name })),
      folder.path,
    ),
    notices: [],
  };
}

/** `name:r,g,b:parts:actions` */
function parseLabel(line: string, path: string): { name: string; color: Rgb } {
  const match = /^(.*?):\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(:|$)/.exec(line);
  const color = match?.slice(2, 5).map(Number);
  if (!match || color!.some((channel) => channel > 255)) {
    throw new OtxError('dataset', `${path}: has the line "${line}"; expected name:red,green,blue::`);
  }
  return { name: match[1]!.trim(), color: color as unknown as Rgb };
}

function byColors(
  labels: readonly { readonly name: string; readonly color: Rgb }[],
  path: string,
): Pick<OpenedItems, 'classes' | 'coding' | 'notices'> {
  const { classes, indexOf } = labelTable(labels, path);
  const colors = new Map<string, { color: Rgb; classIndex: number; name: string }>();
  const add = (color: Rgb, classIndex: number, name: string) => {
    const other = colors.get(color.join());
    if (other && other.classIndex !== classIndex) {
      throw new OtxError(
        'dataset',
        `${path}: ${other.name} and ${name} have the same colour (${color.join(', ')})`,
      );
    }
    colors.set(color.join(), { color, classIndex, name });
  };
  for (const { name, color } of labels) add(color, indexOf.get(name)!, name);
  if (!colors.has('0,0,0')) add([0, 0, 0], 0, 'background');
  const ignored = PALETTE[IGNORE_INDEX]!;
  if (!colors.has(ignored.join())) add(ignored, IGNORE_INDEX, 'ignored');
  const coding: MaskCoding = {
    values: labels.map(({ name }) => indexOf.get(name)!),
    colors: [...colors.values()].map(({ color, classIndex }) => ({ color, classIndex })),
    colorsDeclared: true,
    useOtxAdapter: false,
  };
  const notices = labels.some(({ name }) => isBackgroundName(name))
    ? []
    : ['labelmap.txt names no background; black pixels are background'];
  return { classes, coding, notices };
}

/** Masks hold the positions of the names, as values or as the colours of the palette of the challenge. */
function byNumbers(labels: readonly FileLabel[], path: string): Pick<OpenedItems, 'classes' | 'coding'> {
  const numbered = labels.filter(({ name }) => name !== '__ignore__');
  const background = numbered.findIndex(({ name }) => isBackgroundName(name));
  const inMasks = background === 0 ? numbered : [{ name: '_background_' }, ...numbered];
  const { classes, indexOf } = labelTable(
    inMasks.map((label, value) => ({ ...label, color: PALETTE[value] })),
    path,
  );
  const values = inMasks.map(({ name }) => indexOf.get(name)!);
  const colors = values.map((classIndex, value) => ({ color: PALETTE[value]!, classIndex }));
  return {
    classes,
    coding: {
      values,
      colors: [...colors, { color: PALETTE[IGNORE_INDEX]!, classIndex: IGNORE_INDEX }],
      colorsDeclared: false,
      useOtxAdapter: false,
    },
  };
}
