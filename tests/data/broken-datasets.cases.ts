/**
 * @file Data sets as they go wrong: one fault each in a sound data set of four images. A case either ends in an error before
 * the first step, with the words that it must hold, or is read, with the pixels of each class.
 */
import { cp, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  indexMask,
  noise,
  noiseJpeg,
  type PngSpec,
  png,
  rgbPng,
  stripes,
} from '../../src/data/datasets/fixtures.cases.js';

export const WIDTH = 12;
export const HEIGHT = 9;
const AREA = WIDTH * HEIGHT;

/** What a case can do to a sound data set. */
export interface Fixture {
  readonly root: string;
  write(name: string, content: Uint8Array | string | object): Promise<void>;
  remove(name: string): Promise<void>;
  /** One for all four masks, or images. */
  writeAll(kind: 'images' | 'masks', content: Uint8Array, extension?: string): Promise<void>;
  meta(content: string | object): Promise<void>;
}

export interface BrokenDataset {
  readonly name: string;
  readonly fault: (fixture: Fixture) => Promise<unknown>;
  /** Of the error that names the file and what is wrong; undefined where the data set is read all the same. */
  readonly error?: RegExp;
  /** Pixels of each class as they are read; ignored ones are left out. */
  readonly pixels?: readonly number[];
  /** Of what a reader is told besides. */
  readonly note?: RegExp;
  /** Pixels of each class when a reading is assumed. */
  readonly assume?: Readonly<Record<string, readonly number[]>>;
}

/** A mask of vertical stripes of three values. */
export function mask(
  spec: Partial<PngSpec> = {},
  values = [0, 1, 2],
  width = WIDTH,
  height = HEIGHT,
): Buffer {
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[spec.colorType ?? 0];
  const samples = Array.from({ length: width * height }, (_, i) => {
    const value = values[Math.floor((values.length * (i % width)) / width)]!;
    return channels === 1 ? [value] : Array.from({ length: channels }, () => value);
  }).flat();
  return png({ width, height, samples, colorType: 0, ...spec });
}

const STRIPES = [144, 144, 144];
const photo = (seed = 1, width = WIDTH, height = HEIGHT) => rgbPng(noise(width, height, seed), width, height);
const raw = { width: WIDTH, height: HEIGHT };
const grey = (value: number) => sharp(new Uint8Array(AREA).fill(value), { raw: { ...raw, channels: 1 } });
const rgbMask = (colors: readonly (readonly [number, number, number])[], alpha = false) =>
  png({
    width: WIDTH,
    height: HEIGHT,
    colorType: alpha ? 6 : 2,
    samples: Array.from({ length: AREA }, (_, i) => {
      const color = colors[Math.floor((colors.length * (i % WIDTH)) / WIDTH)]!;
      return alpha ? [...color, 255] : [...color];
    }).flat(),
  });
const VOC: [number, number, number][] = [
  [0, 0, 0],
  [128, 0, 0],
  [0, 128, 0],
];

export const FOLDERS: readonly BrokenDataset[] = [
  {
    name: 'no images folder',
    error:
      /images does not exist, so there are no images; expected images\/, masks\/ .*found dataset_meta\.json, masks/s,
    fault: (f) => f.remove('images'),
  },
  {
    name: 'no masks folder',
    error: /masks does not exist, so there are no masks for the 4 images/s,
    fault: (f) => f.remove('masks'),
  },
  {
    name: 'empty images folder',
    error: /images holds no images; expected/s,
    fault: async (f) => {
      await f.remove('images');
      await mkdir(join(f.root, 'images'));
    },
  },
  {
    name: 'empty masks folder',
    error: /masks holds no masks for the 4 images; expected/s,
    fault: async (f) => {
      await f.remove('masks');
      await mkdir(join(f.root, 'masks'));
    },
  },
  {
    name: 'images is a file',
    error: /images is not a folder/s,
    fault: async (f) => {
      await f.remove('images');
      await f.write('images', 'x');
    },
  },
  {
    name: 'masks is a file',
    error: /masks is not a folder/s,
    fault: async (f) => {
      await f.remove('masks');
      await f.write('masks', 'x');
    },
  },
  {
    name: 'Images in capitals',
    error: /images does not exist.*found Images, dataset_meta\.json, masks/s,
    fault: (f) => rename(join(f.root, 'images'), join(f.root, 'Images')),
  },
  {
    name: 'labels instead of masks',
    error: /masks does not exist.*found dataset_meta\.json, images, labels/s,
    fault: (f) => rename(join(f.root, 'masks'), join(f.root, 'labels')),
  },
  {
    name: 'images is a dangling link',
    error: /images is not a folder/s,
    fault: async (f) => {
      await f.remove('images');
      await symlink(join(f.root, 'gone'), join(f.root, 'images'));
    },
  },
  {
    name: 'images is a link to itself',
    error: /images is not a folder/s,
    fault: async (f) => {
      await f.remove('images');
      await symlink('images', join(f.root, 'images'));
    },
  },
  {
    name: 'a link back to the root inside images',
    error: /4 problems.*images\/loop\/masks\/a\.png has no mask/s,
    fault: (f) => symlink(f.root, join(f.root, 'images/loop')),
  },
  {
    name: 'a link back to images inside images',
    pixels: STRIPES,
    fault: (f) => symlink(join(f.root, 'images'), join(f.root, 'images/loop')),
  },
  {
    name: 'images is a link to masks',
    error: /4 problems.*masks\/a\.png is the same picture as its image/s,
    fault: async (f) => {
      await f.remove('images');
      await symlink(join(f.root, 'masks'), join(f.root, 'images'));
    },
  },
  {
    name: 'masks is a link to images',
    error: /4 problems.*masks\/a\.png is the same picture as its image/s,
    fault: async (f) => {
      await f.remove('masks');
      await symlink(join(f.root, 'images'), join(f.root, 'masks'));
    },
  },
  {
    name: 'images and masks swapped',
    error: /4 problems.*masks\/a\.png has colours .* without a class/s,
    fault: async (f) => {
      await rename(join(f.root, 'images'), join(f.root, 'x'));
      await rename(join(f.root, 'masks'), join(f.root, 'images'));
      await rename(join(f.root, 'x'), join(f.root, 'masks'));
    },
  },
  {
    name: 'hidden files',
    pixels: STRIPES,
    fault: async (f) => {
      for (const n of ['.DS_Store', 'Thumbs.db', '._a.png', 'desktop.ini'])
        for (const d of ['images', 'masks', '.']) await f.write(join(d, n), 'x');
    },
  },
  { name: 'text files among the images', pixels: STRIPES, fault: (f) => f.write('images/readme.txt', 'x') },
  {
    name: 'a folder named like an image',
    pixels: STRIPES,
    fault: (f) => mkdir(join(f.root, 'images/x.png')),
  },
  {
    name: 'a folder named like a mask',
    error: /images\/a\.png has no mask/s,
    fault: async (f) => {
      await f.remove('masks/a.png');
      await mkdir(join(f.root, 'masks/a.png'));
    },
  },
  {
    name: 'a __MACOSX folder',
    pixels: STRIPES,
    fault: async (f) => {
      await f.write('__MACOSX/images/._a.png', 'x');
      await f.write('images/__MACOSX/._a.png', 'x');
    },
  },
  {
    name: 'meta is a folder',
    error: /dataset_meta\.json: is not a file but a folder/s,
    fault: async (f) => {
      await f.remove('dataset_meta.json');
      await mkdir(join(f.root, 'dataset_meta.json'));
    },
  },
  {
    name: 'meta in another place',
    error: /dataset_meta\.json is missing; it names the classes/s,
    fault: (f) => rename(join(f.root, 'dataset_meta.json'), join(f.root, 'images/dataset_meta.json')),
  },
  {
    name: 'meta is missing',
    pixels: STRIPES,
    note: /there is no meta file; classes are what its masks hold: 0 = background, 1 = class 1, 2 = class 2/s,
    fault: (f) => f.remove('dataset_meta.json'),
  },
  {
    name: 'meta in capitals',
    error: /dataset_meta\.json is missing; it names the classes/s,
    fault: (f) => rename(join(f.root, 'dataset_meta.json'), join(f.root, 'DATASET_META.JSON')),
  },
  {
    name: 'meta is a dangling link',
    error: /dataset_meta\.json: does not exist/s,
    fault: async (f) => {
      await f.remove('dataset_meta.json');
      await symlink('gone.json', join(f.root, 'dataset_meta.json'));
    },
  },
  { name: 'both meta names', pixels: STRIPES, fault: (f) => f.write('meta.json', { labels: ['other'] }) },
];

const bom16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
const META = '{"label_map": {"0": "background", "1": "car", "2": "tree"}}';
const colors = (...list: unknown[]) => ({
  label_map: { 0: 'background', 1: 'car', 2: 'tree' },
  segmentation_colors: list,
});
export const METAS: readonly BrokenDataset[] = [
  { name: 'empty meta', error: /not valid JSON/s, fault: (f) => f.meta('') },
  { name: 'white space', error: /not valid JSON/s, fault: (f) => f.meta('  \n') },
  { name: 'null', error: /field \(top level\) is wrong: .*null/s, fault: (f) => f.meta('null') },
  { name: 'a number', error: /field \(top level\) is wrong: .*number/s, fault: (f) => f.meta('3') },
  {
    name: 'a string',
    error: /field \(top level\) is wrong: .*string/s,
    fault: (f) => f.meta('"background"'),
  },
  {
    name: 'a list',
    error: /field \(top level\) is wrong: .*array/s,
    fault: (f) => f.meta('["background", "car"]'),
  },
  { name: 'an empty object', error: /declares no classes; add/s, fault: (f) => f.meta('{}') },
  { name: 'truncated', error: /not valid JSON/s, fault: (f) => f.meta(META.slice(0, 30)) },
  {
    name: 'a trailing comma',
    error: /not valid JSON/s,
    fault: (f) => f.meta('{"label_map": {"0": "background", "1": "car", "2": "tree",}}'),
  },
  { name: 'comments', error: /not valid JSON/s, fault: (f) => f.meta(`// classes\n${META}`) },
  { name: 'single quotes', error: /not valid JSON/s, fault: (f) => f.meta(META.replaceAll('"', "'")) },
  { name: 'YAML', error: /not valid JSON/s, fault: (f) => f.meta('label_map:\n  0: background\n  1: car\n') },
  { name: 'NaN', error: /not valid JSON/s, fault: (f) => f.meta('{"label_map": {"0": NaN}}') },
  { name: 'UTF-8 with BOM', pixels: STRIPES, fault: (f) => f.meta(`\uFEFF${META}`) },
  { name: 'UTF-16', error: /not UTF-8 but UTF-16/s, fault: (f) => f.write('dataset_meta.json', bom16(META)) },
  {
    name: 'UTF-16 big endian',
    error: /not UTF-8 but UTF-16/s,
    fault: (f) => f.write('dataset_meta.json', Buffer.from(bom16(META)).swap16()),
  },
  {
    name: 'UTF-16 without BOM',
    error: /not UTF-8 but UTF-16/s,
    fault: (f) => f.write('dataset_meta.json', Buffer.from(META, 'utf16le')),
  },
  {
    name: 'Latin-1',
    error: /bytes that are no UTF-8; save the file as UTF-8/s,
    fault: (f) => f.write('dataset_meta.json', Buffer.from(META.replace('tree', 'b\u00fcsch'), 'latin1')),
  },
  {
    name: 'binary',
    error: /or no text at all/s,
    fault: async (f) => f.write('dataset_meta.json', await photo()),
  },
  {
    name: 'label_map is a list',
    error: /field label_map is wrong: .*array/s,
    fault: (f) => f.meta({ label_map: ['background', 'car', 'tree'] }),
  },
  {
    name: 'label_map is null',
    error: /field label_map is wrong: .*null/s,
    fault: (f) => f.meta({ label_map: null }),
  },
  {
    name: 'label_map is a string',
    error: /field label_map is wrong: .*string/s,
    fault: (f) => f.meta({ label_map: 'background' }),
  },
  { name: 'label_map is empty', error: /declares no classes/s, fault: (f) => f.meta({ label_map: {} }) },
  {
    name: 'names to numbers',
    error: /field label_map\.background is wrong/s,
    fault: (f) => f.meta({ label_map: { background: 0, car: 1, tree: 2 } }),
  },
  {
    name: 'a name is null',
    error: /field label_map\.1 is wrong: .*null/s,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: null } }),
  },
  {
    name: 'a name is a number',
    error: /field label_map\.1 is wrong: .*number/s,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: 5 } }),
  },
  {
    name: 'a name is an object',
    error: /field label_map\.1 is wrong: .*object/s,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: { name: 'car' } } }),
  },
  {
    name: 'a name is empty',
    error: /class name "" is empty/s,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: '', 2: 'tree' } }),
  },
  {
    name: 'a negative key',
    error: /field label_map\.-1 is wrong/s,
    fault: (f) => f.meta({ label_map: { '-1': 'background', 0: 'car' } }),
  },
  {
    name: 'a fractional key',
    error: /field label_map\.0\.5 is wrong/s,
    fault: (f) => f.meta({ label_map: { '0.5': 'background', 1: 'car' } }),
  },
  {
    name: 'a huge key',
    error: /gives the value 100000000000000000000 to tree; masks hold values up to 65535/,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: 'car', 99999999999999999999: 'tree' } }),
  },
  {
    name: 'a key with zeros',
    pixels: STRIPES,
    fault: (f) => f.meta({ label_map: { '00': 'background', '01': 'car', '02': 'tree' } }),
  },
  {
    name: 'a key twice',
    error: /gives the value 1 to car and tree/s,
    fault: (f) => f.meta('{"label_map": {"0": "background", "1": "car", "1": "tree"}}'),
  },
  {
    name: 'a key twice in two spellings',
    error: /gives the value 1 to car and tree/s,
    fault: (f) => f.meta('{"label_map": {"0": "background", "1": "car", "01": "tree"}}'),
  },
  {
    name: 'label_map twice',
    error: /has label_map 2 times/s,
    fault: (f) =>
      f.meta(
        '{"label_map": {"0": "background", "1": "x"}, "label_map": {"0": "background", "1": "car", "2": "tree"}}',
      ),
  },
  {
    name: 'a gap in the keys',
    error: /assume positions-are-values fits/s,
    assume: { 'positions-are-values': STRIPES },
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: 'car', 3: 'tree' } }),
  },
  {
    name: 'keys from 1',
    error: /assume positions-are-values fits: .*tree 33\.3 %.*value 0 without a class in 36 pixels/s,
    assume: { 'positions-are-values': STRIPES },
    fault: (f) => f.meta({ label_map: { 1: 'background', 2: 'car', 3: 'tree' } }),
  },
  {
    name: 'two names the same',
    error: /car is declared twice/s,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: 'car', 2: 'car' } }),
  },
  {
    name: 'only background',
    error: /no class besides background/s,
    fault: (f) => f.meta({ label_map: { 0: 'background' } }),
  },
  {
    name: 'one class without background',
    error: /4 problems.*value 2 without a class in 36 pixels \(expected 0\.\.1, or 255/s,
    fault: (f) => f.meta({ labels: ['car'] }),
  },
  {
    name: 'one class fewer than the masks',
    error: /4 problems.*value 2 without a class in 36 pixels/s,
    fault: (f) => f.meta({ labels: ['background', 'car'] }),
  },
  {
    name: 'more classes than the masks',
    pixels: [144, 144, 144, 0],
    fault: (f) => f.meta({ labels: ['background', 'car', 'tree', 'house'] }),
  },
  {
    name: '300 classes',
    error: /declares 300 classes; at most 254/s,
    fault: (f) => f.meta({ labels: Array.from({ length: 300 }, (_, i) => `c${i}`) }),
  },
  {
    name: '254 classes',
    pixels: [...STRIPES, ...new Array<number>(251).fill(0)],
    fault: (f) => f.meta({ labels: ['background', ...Array.from({ length: 253 }, (_, i) => `c${i}`)] }),
  },
  {
    name: 'ignore at 255',
    pixels: STRIPES,
    note: /label ignore at 255/,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: 'car', 2: 'tree', 255: 'ignore' } }),
  },
  {
    name: 'void at 255',
    pixels: STRIPES,
    note: /label Void at 255/,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: 'car', 2: 'tree', 255: 'Void' } }),
  },
  {
    name: 'labels is a string',
    error: /field labels is wrong/s,
    fault: (f) => f.meta({ labels: 'background' }),
  },
  {
    name: 'labels holds objects',
    error: /field labels\.0 is wrong/s,
    fault: (f) => f.meta({ labels: [{ name: 'background' }] }),
  },
  { name: 'a million of spaces', pixels: STRIPES, fault: (f) => f.meta(`${' '.repeat(1e6)}${META}`) },
  {
    name: '100 MB',
    error: /bytes, of which no more than/s,
    fault: (f) => f.meta(`${META.slice(0, -1)}, "x": "${'y'.repeat(100e6)}"}`),
  },
  {
    name: 'deep nesting',
    error: /nests more than/s,
    fault: (f) => f.meta('['.repeat(1e5) + ']'.repeat(1e5)),
  },
  {
    name: 'colours twice',
    error: /car and tree have the same colour \(1, 1, 1\)/s,
    fault: (f) => f.meta(colors([0, 0, 0], [1, 1, 1], [1, 1, 1])),
  },
  {
    name: 'a colour out of range',
    error: /segmentation_colors\.1\.0/s,
    fault: (f) => f.meta(colors([0, 0, 0], [256, 1, 1], [1, 1, 1])),
  },
  {
    name: 'a negative colour',
    error: /segmentation_colors\.1\.0/s,
    fault: (f) => f.meta(colors([0, 0, 0], [-1, 1, 1], [1, 1, 1])),
  },
  {
    name: 'a fractional colour',
    error: /segmentation_colors\.1\.0/s,
    fault: (f) => f.meta(colors([0, 0, 0], [0.5, 1, 1], [1, 1, 1])),
  },
  {
    name: 'a colour of two numbers',
    error: /segmentation_colors\.1 is wrong/s,
    fault: (f) => f.meta(colors([0, 0, 0], [1, 1], [1, 1, 1])),
  },
  {
    name: 'a colour of four numbers',
    error: /segmentation_colors\.1 is wrong/s,
    fault: (f) => f.meta(colors([0, 0, 0], [1, 1, 1, 255], [1, 1, 2, 255])),
  },
  {
    name: 'a colour as text',
    error: /segmentation_colors\.0 is wrong/s,
    fault: (f) => f.meta(colors('#000000', '#ff0000', '#00ff00')),
  },
  {
    name: 'too few colours',
    error: /no entry 2 for class tree/s,
    fault: (f) => f.meta(colors([0, 0, 0], [1, 1, 1])),
  },
  {
    name: 'too many colours',
    pixels: STRIPES,
    fault: (f) => f.meta(colors([0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3])),
  },
  {
    name: 'colours as an object',
    error: /field segmentation_colors is wrong/s,
    fault: (f) =>
      f.meta({ label_map: { 0: 'background', 1: 'car', 2: 'tree' }, segmentation_colors: { 0: [0, 0, 0] } }),
  },
  {
    name: 'colours null',
    pixels: STRIPES,
    fault: (f) => f.meta({ label_map: { 0: 'background', 1: 'car', 2: 'tree' }, segmentation_colors: null }),
  },
  {
    name: 'white declared, grey masks with 255',
    pixels: [216, 216],
    fault: async (f) => {
      await f.meta({
        label_map: { 0: 'background', 1: 'car' },
        segmentation_colors: [
          [0, 0, 0],
          [255, 255, 255],
        ],
      });
      await f.writeAll('masks', mask({}, [0, 255]));
    },
  },
  {
    name: 'background_label by key',
    pixels: STRIPES,
    note: /label Nothing is the background/,
    fault: (f) => f.meta({ label_map: { 0: 'Nothing', 1: 'car', 2: 'tree' }, background_label: '0' }),
  },
  {
    name: 'background_label by name',
    pixels: STRIPES,
    note: /label Nothing is the background/,
    fault: (f) => f.meta({ label_map: { 0: 'Nothing', 1: 'car', 2: 'tree' }, background_label: 'Nothing' }),
  },
  {
    name: 'background_label unknown',
    error: /background_label is "sky", which is neither/s,
    fault: (f) => f.meta({ label_map: { 0: 'Nothing', 1: 'car', 2: 'tree' }, background_label: 'sky' }),
  },
  ...[
    'Background',
    'BACKGROUND',
    '_background_',
    '__background__',
    ' background',
    'background ',
    'back ground',
    'bg',
  ].map((name) => ({
    name: `first label "${name}"`,
    pixels: STRIPES,
    note: /is taken for the background/,
    fault: (f: Fixture) => f.meta({ label_map: { 0: name, 1: 'car', 2: 'tree' } }),
  })),
  ...['Void', 'unlabeled', '__ignore__'].map((name) => ({
    name: `first label "${name}"`,
    error: /3 ways.*assume first-is-background: .*33\.3 %.*first-is-ignored: .*car 33\.3 %.*ignored 33\.3 %/s,
    assume: {
      'first-is-background': STRIPES,
      'first-is-ignored': [0, 144, 144],
      'zero-is-first-label': [0, ...STRIPES],
      'zero-is-background': [...STRIPES, 0],
    },
    fault: (f: Fixture) => f.meta({ label_map: { 0: name, 1: 'car', 2: 'tree' } }),
  })),
  {
    name: 'Background last',
    error: /label "Background" may be meant as it; rename it/s,
    fault: (f) => f.meta({ label_map: { 0: 'car', 1: 'tree', 2: 'Background' } }),
  },
  {
    name: 'a class named __proto__',
    pixels: STRIPES,
    fault: (f) => f.meta('{"label_map": {"0": "background", "1": "__proto__", "2": "constructor"}}'),
  },
  {
    name: 'a key named __proto__',
    error: /the key "__proto__"; keys must be whole numbers/s,
    fault: (f) => f.meta('{"label_map": {"0": "background", "__proto__": "car"}}'),
  },
];

export const MASKS: readonly BrokenDataset[] = [
  { name: 'a mask is missing', error: /images\/a\.png has no mask/s, fault: (f) => f.remove('masks/a.png') },
  {
    name: 'an image is missing',
    error: /masks\/a\.png has no image/s,
    fault: (f) => f.remove('images/a.png'),
  },
  { name: 'zero bytes', error: /masks\/a\.png is an empty file/s, fault: (f) => f.write('masks/a.png', '') },
  {
    name: 'text',
    error: /masks\/a\.png cannot be read as an image/s,
    fault: (f) => f.write('masks/a.png', 'text'),
  },
  {
    name: 'truncated',
    error: /masks\/a\.png .*truncated or damaged/s,
    fault: (f) => f.write('masks/a.png', mask().subarray(0, 60)),
  },
  {
    name: 'cut behind the last pixel',
    pixels: STRIPES,
    fault: (f) => f.write('masks/a.png', mask().subarray(0, -12)),
  },
  {
    name: 'damaged in the middle',
    error: /masks\/a\.png .*truncated or damaged/s,
    fault: (f) => {
      const bytes = Buffer.from(mask());
      bytes.fill(0x55, 45, 50);
      return f.write('masks/a.png', bytes);
    },
  },
  {
    name: 'another size',
    error: /masks\/a\.png is 13x9 but its image .*images\/a\.png is 12x9/s,
    fault: (f) => f.write('masks/a.png', stripes(WIDTH + 1, HEIGHT)),
  },
  {
    name: 'turned',
    error: /masks\/a\.png is 9x12 .*the mask looks turned/s,
    fault: (f) => f.write('masks/a.png', stripes(HEIGHT, WIDTH)),
  },
  {
    name: 'a value without a class',
    error: /masks\/a\.png has value 9 without a class in 36 pixels/s,
    fault: (f) => f.write('masks/a.png', mask({}, [0, 1, 9])),
  },
  { name: '16 bits', pixels: STRIPES, fault: (f) => f.writeAll('masks', mask({ depth: 16 })) },
  {
    name: '16 bits, value 256',
    error: /value 256 without a class/s,
    fault: (f) => f.writeAll('masks', mask({ depth: 16 }, [0, 1, 256])),
  },
  {
    name: '16 bits, scaled',
    error: /values 257, 514 without a class/s,
    fault: (f) => f.writeAll('masks', mask({ depth: 16 }, [0, 257, 514])),
  },
  {
    name: '16 bits, 65535',
    error: /value 65535 without a class/s,
    fault: (f) => f.writeAll('masks', mask({ depth: 16 }, [0, 1, 65535])),
  },
  { name: '1 bit', pixels: [216, 216, 0], fault: (f) => f.writeAll('masks', mask({ depth: 1 }, [0, 1])) },
  { name: '2 bits', pixels: STRIPES, fault: (f) => f.writeAll('masks', mask({ depth: 2 })) },
  { name: '4 bits', pixels: STRIPES, fault: (f) => f.writeAll('masks', mask({ depth: 4 })) },
  {
    name: '4 bits, value 15',
    error: /value 15 without a class/s,
    fault: (f) => f.writeAll('masks', mask({ depth: 4 }, [0, 1, 15])),
  },
  { name: 'grey with alpha', pixels: STRIPES, fault: (f) => f.writeAll('masks', mask({ colorType: 4 })) },
  {
    name: 'grey indices with alpha 255',
    pixels: STRIPES,
    fault: (f) =>
      f.writeAll(
        'masks',
        png({
          ...raw,
          colorType: 4,
          samples: Array.from({ length: AREA }, (_, i) => [
            Math.floor((3 * (i % WIDTH)) / WIDTH),
            255,
          ]).flat(),
        }),
      ),
  },
  {
    name: 'RGB of indices',
    pixels: STRIPES,
    note: /hold nothing but greys are read as values/,
    fault: (f) => f.writeAll('masks', mask({ colorType: 2 })),
  },
  { name: 'RGB of VOC colours', pixels: STRIPES, fault: (f) => f.writeAll('masks', rgbMask(VOC)) },
  { name: 'RGBA of VOC colours', pixels: STRIPES, fault: (f) => f.writeAll('masks', rgbMask(VOC, true)) },
  {
    name: 'information in the alpha channel',
    error: /every pixel of its 4 masks is background.*alpha channel/s,
    fault: (f) =>
      f.writeAll(
        'masks',
        png({
          ...raw,
          colorType: 6,
          samples: Array.from({ length: AREA }, (_, i) => [0, 0, 0, i % 2 ? 255 : 0]).flat(),
        }),
      ),
  },
  {
    name: 'grey information in the alpha channel',
    error: /every pixel of its 4 masks is background.*alpha channel/s,
    fault: (f) =>
      f.writeAll(
        'masks',
        png({
          ...raw,
          colorType: 4,
          samples: Array.from({ length: AREA }, (_, i) => [0, i % 2 ? 255 : 0]).flat(),
        }),
      ),
  },
  {
    name: 'RGB of unknown colours',
    error: /colours \(1, 2, 3\), \(4, 5, 6\) without a class/s,
    fault: (f) =>
      f.writeAll(
        'masks',
        rgbMask([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
  },
  {
    name: 'anti-aliased colours',
    error: /colour \(64, 0, 0\) without a class/s,
    fault: (f) =>
      f.writeAll(
        'masks',
        rgbMask([
          [0, 0, 0],
          [64, 0, 0],
          [128, 0, 0],
        ]),
      ),
  },
  {
    name: 'palette of other colours',
    pixels: STRIPES,
    fault: (f) =>
      f.writeAll(
        'masks',
        mask({
          colorType: 3,
          palette: [
            [9, 9, 9],
            [8, 8, 8],
            [7, 7, 7],
          ],
        }),
      ),
  },
  {
    name: 'palette of VOC colours',
    pixels: STRIPES,
    fault: (f) => f.writeAll('masks', mask({ colorType: 3, palette: VOC })),
  },
  {
    name: 'palette of VOC colours in another order',
    pixels: STRIPES,
    fault: (f) => f.writeAll('masks', mask({ colorType: 3, palette: [VOC[1]!, VOC[0]!, VOC[2]!] })),
  },
  {
    name: 'palette index out of range',
    pixels: STRIPES,
    fault: (f) =>
      f.writeAll(
        'masks',
        mask({
          colorType: 3,
          palette: [
            [9, 9, 9],
            [8, 8, 8],
          ],
        }),
      ),
  },
  {
    name: 'palette with a class too many',
    error: /value 3 without a class/s,
    fault: (f) =>
      f.writeAll(
        'masks',
        mask(
          {
            colorType: 3,
            palette: [
              [9, 9, 9],
              [8, 8, 8],
              [7, 7, 7],
              [6, 6, 6],
            ],
          },
          [0, 1, 3],
        ),
      ),
  },
  {
    name: 'JPEG',
    error: /is a JPEG mask/s,
    fault: async (f) => f.writeAll('masks', await grey(1).jpeg().toBuffer(), 'jpg'),
  },
  {
    name: 'JPEG named png',
    error: /is a JPEG mask/s,
    fault: async (f) => f.writeAll('masks', await grey(1).jpeg().toBuffer()),
  },
  {
    name: 'lossy WebP',
    error: /is a WebP mask compressed with loss/s,
    fault: async (f) =>
      f.writeAll(
        'masks',
        await sharp(await photo())
          .webp({ quality: 50 })
          .toBuffer(),
        'webp',
      ),
  },
  {
    name: 'lossless WebP of VOC colours',
    pixels: STRIPES,
    fault: async (f) =>
      f.writeAll('masks', await sharp(rgbMask(VOC)).webp({ lossless: true }).toBuffer(), 'webp'),
  },
  {
    name: 'AVIF',
    error: /without a class/s,
    fault: async (f) => f.writeAll('masks', await sharp(rgbMask(VOC)).avif().toBuffer(), 'avif'),
  },
  {
    name: 'GIF of VOC colours',
    pixels: STRIPES,
    fault: async (f) => f.writeAll('masks', await sharp(rgbMask(VOC)).gif().toBuffer(), 'gif'),
  },
  {
    name: 'TIFF of indices',
    pixels: STRIPES,
    fault: async (f) =>
      f.writeAll(
        'masks',
        await sharp(mask()).toColourspace('b-w').tiff({ compression: 'none' }).toBuffer(),
        'tif',
      ),
  },
  {
    name: 'TIFF with JPEG compression',
    error: /is a TIFF mask compressed with loss/s,
    fault: async (f) =>
      f.writeAll('masks', await grey(1).toColourspace('b-w').tiff({ compression: 'jpeg' }).toBuffer(), 'tif'),
  },
  {
    name: 'float TIFF',
    error: /has float samples/s,
    fault: async (f) =>
      f.writeAll(
        'masks',
        tiff(
          Float32Array.from({ length: AREA }, (_, i) => i % 3),
          1,
        ),
        'tif',
      ),
  },
  {
    name: 'two pages',
    error: /holds 2 pictures/s,
    fault: async (f) => f.write('masks/a.png', await twoPages(false)),
  },
  {
    name: 'BMP',
    error: /it is BMP/s,
    fault: (f) => f.writeAll('masks', Buffer.from('424d000000000000', 'hex'), 'bmp'),
  },
  {
    name: 'all 255',
    error: /every pixel of its 4 masks is 255/s,
    fault: (f) => f.writeAll('masks', mask({}, [255])),
  },
  {
    name: 'all background',
    error: /every pixel of its 4 masks is background, so there is nothing to learn/s,
    fault: (f) => f.writeAll('masks', mask({}, [0])),
  },
  {
    name: '0 and 255 with one class',
    pixels: [216, 216],
    note: /value 255 is car, since the masks hold nothing but 0 and 255/,
    fault: async (f) => {
      await f.meta({ labels: ['background', 'car'] });
      await f.writeAll('masks', mask({}, [0, 255]));
    },
  },
  {
    name: '0 and 255 with two classes',
    error: /if 255 stands for a class, write the number of the class/s,
    fault: (f) => f.writeAll('masks', mask({}, [0, 255])),
  },
  {
    name: '0 and 255 in RGB',
    pixels: [216, 216],
    note: /value 255 is car/,
    fault: async (f) => {
      await f.meta({ labels: ['background', 'car'] });
      await f.writeAll('masks', mask({ colorType: 2 }, [0, 255]));
    },
  },
  {
    name: '0 and 255 in a palette',
    pixels: [216, 216],
    note: /value 255 is car/,
    fault: async (f) => {
      await f.meta({ labels: ['background', 'car'] });
      await f.writeAll(
        'masks',
        mask({ colorType: 3, palette: Array.from({ length: 256 }, (_, i) => [i, i, i] as const) }, [0, 255]),
      );
    },
  },
  {
    name: '0 and 127 and 255',
    error: /value 127 without a class/s,
    fault: (f) => f.writeAll('masks', mask({}, [0, 127, 255])),
  },
  {
    name: '1 and 255',
    pixels: [0, 216, 0],
    note: /if 255 stands for a class/,
    fault: (f) => f.writeAll('masks', mask({}, [1, 255])),
  },
  {
    name: 'all one class',
    pixels: [0, 432, 0],
    note: /nothing to tell apart/,
    fault: (f) => f.writeAll('masks', mask({}, [1])),
  },
  {
    name: 'values from 1',
    error: /value 3 without a class/s,
    fault: (f) => f.writeAll('masks', mask({}, [1, 2, 3])),
  },
  {
    name: 'interlaced',
    pixels: STRIPES,
    fault: async (f) =>
      f.writeAll('masks', await sharp(mask()).toColourspace('b-w').png({ progressive: true }).toBuffer()),
  },
  {
    name: 'EXIF orientation',
    pixels: STRIPES,
    fault: (f) => f.writeAll('masks', mask({ orientation: 6 }, [0, 1, 2], HEIGHT, WIDTH)),
  },
  {
    name: 'bit depths differ',
    pixels: STRIPES,
    fault: async (f) => {
      await f.write('masks/a.png', mask({ depth: 2 }));
      await f.write('masks/b.png', mask({ depth: 16 }));
    },
  },
  {
    name: 'a mask twice',
    error: /same name apart from their ending/s,
    fault: async (f) => f.write('masks/a.tif', await sharp(mask()).tiff().toBuffer()),
  },
  {
    name: 'masks with a suffix',
    error: /2 problems.*images\/a\.png has no mask.*masks\/a_mask\.png has no image/s,
    fault: (f) => rename(join(f.root, 'masks/a.png'), join(f.root, 'masks/a_mask.png')),
  },
  {
    name: 'all masks with a suffix',
    error: /8 problems/s,
    fault: async (f) => {
      for (const n of 'abcd')
        await rename(join(f.root, `masks/${n}.png`), join(f.root, `masks/${n}_mask.png`));
    },
  },
  {
    name: 'another case',
    error: /images\/a\.png has no mask.*masks\/A\.png has no image/s,
    fault: (f) => rename(join(f.root, 'masks/a.png'), join(f.root, 'masks/A.png')),
  },
  {
    name: 'npy files',
    error: /no masks for the 4 images \(found a\.npy/s,
    fault: async (f) => {
      await f.remove('masks');
      for (const n of 'abcd') await f.write(`masks/${n}.npy`, 'x');
    },
  },
];

async function twoPages(rgb: boolean): Promise<Buffer> {
  const channels = rgb ? 3 : 1;
  const pixels = new Uint8Array(2 * AREA * channels).fill(1);
  return sharp(pixels, { raw: { width: WIDTH, height: 2 * HEIGHT, channels, pageHeight: HEIGHT } } as never)
    .tiff({ compression: 'none' })
    .toBuffer();
}

export const IMAGES: readonly BrokenDataset[] = [
  {
    name: 'zero bytes',
    error: /images\/a\.png is an empty file/s,
    fault: (f) => f.write('images/a.png', ''),
  },
  {
    name: 'text',
    error: /images\/a\.png cannot be read as an image/s,
    fault: (f) => f.write('images/a.png', 'text'),
  },
  {
    name: 'truncated JPEG',
    error: /images\/a\.jpg .*truncated or damaged/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      const j = await noiseJpeg(WIDTH, HEIGHT);
      await f.write('images/a.jpg', j.subarray(0, j.length - 100));
    },
  },
  {
    name: 'JPEG head only',
    error: /images\/a\.jpg .*truncated or damaged/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      const j = await noiseJpeg(WIDTH, HEIGHT);
      await f.write('images/a.jpg', j.subarray(0, 20));
    },
  },
  {
    name: 'truncated PNG',
    error: /images\/a\.png .*truncated or damaged/s,
    fault: async (f) => f.write('images/a.png', (await photo()).subarray(0, 100)),
  },
  {
    name: 'HTML',
    error: /it is a web page/s,
    fault: (f) => f.write('images/a.png', '<!DOCTYPE html><html></html>'),
  },
  {
    name: 'Git LFS pointer',
    error: /Git LFS pointer.*git lfs pull/s,
    fault: (f) =>
      f.write('images/a.png', 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 123\n'),
  },
  {
    name: 'an extension in capitals',
    pixels: STRIPES,
    fault: (f) => rename(join(f.root, 'images/a.png'), join(f.root, 'images/a.PNG')),
  },
  {
    name: 'no extension',
    error: /masks\/a\.png has no image/s,
    fault: (f) => rename(join(f.root, 'images/a.png'), join(f.root, 'images/a')),
  },
  {
    name: 'a wrong extension',
    pixels: STRIPES,
    fault: (f) => rename(join(f.root, 'images/a.png'), join(f.root, 'images/a.jpg')),
  },
  {
    name: 'an unknown extension',
    error: /masks\/a\.png has no image/s,
    fault: (f) => rename(join(f.root, 'images/a.png'), join(f.root, 'images/a.xyz')),
  },
  {
    name: 'a double extension',
    error: /images\/a\.png\.jpg has no mask/s,
    fault: (f) => rename(join(f.root, 'images/a.png'), join(f.root, 'images/a.png.jpg')),
  },
  {
    name: 'two images of one name',
    error: /same name apart from their ending/s,
    fault: async (f) => f.write('images/a.jpg', await noiseJpeg(WIDTH, HEIGHT)),
  },
  {
    name: 'two images that differ in case',
    error: /images\/A\.png has no mask/s,
    fault: async (f) => f.write('images/A.png', await photo()),
  },
  {
    name: 'a name with spaces',
    pixels: [180, 180, 180],
    fault: async (f) => {
      await f.write('images/a b .png', await photo());
      await f.write('masks/a b .png', mask());
    },
  },
  {
    name: 'a name with a line break',
    pixels: [180, 180, 180],
    fault: async (f) => {
      await f.write('images/x\ny.png', await photo());
      await f.write('masks/x\ny.png', mask());
    },
  },
  {
    name: 'a name with an escape sequence and a bad file',
    error: /x\\u001b\[31my\.png cannot be read/s,
    fault: async (f) => {
      await f.write('images/x\u001b[31my.png', 'x');
      await f.write('masks/x\u001b[31my.png', mask());
    },
  },
  {
    name: 'a name in Unicode',
    pixels: [180, 180, 180],
    fault: async (f) => {
      await f.write('images/\u00e4\u{1f600}\u4e2d.png', await photo());
      await f.write('masks/a\u0308\u{1f600}\u4e2d.png', mask());
    },
  },
  {
    name: 'a leading dash',
    pixels: [180, 180, 180],
    fault: async (f) => {
      await f.write('images/-o.png', await photo());
      await f.write('masks/-o.png', mask());
    },
  },
  {
    name: 'a very long name',
    pixels: [180, 180, 180],
    fault: async (f) => {
      await f.write(`images/${'x'.repeat(250)}.png`, await photo());
      await f.write(`masks/${'x'.repeat(250)}.png`, mask());
    },
  },
  {
    name: 'a name of dots',
    pixels: [180, 180, 180],
    fault: async (f) => {
      await f.write('images/x..y.1.png', await photo());
      await f.write('masks/x..y.1.png', mask());
    },
  },
  {
    name: 'percent signs',
    pixels: [180, 180, 180],
    fault: async (f) => {
      await f.write('images/x%20%s[1].png', await photo());
      await f.write('masks/x%20%s[1].png', mask());
    },
  },
  {
    name: 'a name that is no UTF-8',
    error: /its name is not UTF-8; rename it/s,
    fault: async (f) => {
      const path = (d: string) =>
        Buffer.concat([Buffer.from(`${f.root}/${d}/`), Buffer.from([0x78, 0xff]), Buffer.from('.png')]);
      await writeFile(path('images'), await photo());
      await writeFile(path('masks'), mask());
    },
  },
  {
    name: 'a dangling link',
    error: /images\/a\.png does not exist/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      await symlink('gone.png', join(f.root, 'images/a.png'));
    },
  },
  {
    name: 'a link to itself',
    error: /images\/a\.png is a link that leads in a circle/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      await symlink('a.png', join(f.root, 'images/a.png'));
    },
  },
  {
    name: 'a link to a folder',
    error: /images\/a\.png\/masks\/b\.png has no mask/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      await symlink(f.root, join(f.root, 'images/a.png'));
    },
  },
  {
    name: 'a device',
    error: /masks\/a\.png has no image/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      await symlink('/dev/zero', join(f.root, 'images/a.png'));
    },
  },
  {
    name: 'one pixel',
    pixels: [0, 4, 0],
    fault: async (f) => {
      await f.writeAll('images', await photo(1, 1, 1));
      await f.writeAll('masks', indexMask([1], 1, 1));
    },
  },
  {
    name: '1 x N',
    pixels: [400, 400, 400],
    fault: async (f) => {
      await f.writeAll('images', await photo(1, 1, 300));
      await f.writeAll('masks', stripesDown(300));
    },
  },
  {
    name: '20000 x 1',
    pixels: [26668, 26668, 26664],
    fault: async (f) => {
      await f.writeAll('images', await photo(1, 20000, 1));
      await f.writeAll('masks', stripes(20000, 1));
    },
  },
  {
    name: 'a bomb',
    error: /60000x60000 pixels are more than are read/s,
    fault: async (f) => f.write('images/a.png', bomb()),
  },
  {
    name: 'CMYK JPEG',
    pixels: STRIPES,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write(
        'images/a.jpg',
        await sharp(await photo())
          .toColourspace('cmyk')
          .jpeg()
          .toBuffer(),
      );
    },
  },
  {
    name: 'grey JPEG',
    pixels: STRIPES,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.jpg', await grey(50).toColourspace('b-w').jpeg().toBuffer());
    },
  },
  {
    name: 'EXIF turned, mask upright',
    pixels: STRIPES,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write(
        'images/a.jpg',
        await sharp(await photo(1, HEIGHT, WIDTH))
          .withMetadata({ orientation: 6 })
          .jpeg()
          .toBuffer(),
      );
    },
  },
  {
    name: 'EXIF turned, mask raw',
    error: /the mask looks turned/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write(
        'images/a.jpg',
        await sharp(await photo())
          .withMetadata({ orientation: 6 })
          .jpeg()
          .toBuffer(),
      );
    },
  },
  {
    name: 'an animated GIF',
    pixels: STRIPES,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write(
        'images/a.gif',
        await sharp(noise(WIDTH, 2 * HEIGHT, 1), {
          raw: { width: WIDTH, height: 2 * HEIGHT, channels: 3, pageHeight: HEIGHT },
        } as never)
          .gif()
          .toBuffer(),
      );
    },
  },
  {
    name: 'a TIFF of two pages',
    pixels: STRIPES,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.tif', await twoPages(true));
    },
  },
  {
    name: 'an interlaced PNG',
    pixels: STRIPES,
    fault: async (f) =>
      f.write(
        'images/a.png',
        await sharp(await photo())
          .png({ progressive: true })
          .toBuffer(),
      ),
  },
  { name: 'a 1-bit PNG', pixels: STRIPES, fault: (f) => f.write('images/a.png', mask({ depth: 1 }, [0, 1])) },
  {
    name: 'a 16-bit PNG',
    pixels: STRIPES,
    note: /1 images have unsigned samples from 0 to 30000; 0 to 32767 become 0 to 255/,
    fault: (f) => f.write('images/a.png', mask({ depth: 16 }, [0, 30000])),
  },
  {
    name: 'a PNG with alpha',
    pixels: STRIPES,
    fault: (f) => f.write('images/a.png', mask({ colorType: 6 }, [0, 100])),
  },
  {
    name: '12 bits in 16',
    pixels: STRIPES,
    note: /4 images have unsigned samples from 0 to 4095; 0 to 4095 become 0 to 255/,
    fault: (f) => f.writeAll('images', mask({ depth: 16 }, [0, 2000, 4095])),
  },
  {
    name: 'a float TIFF',
    pixels: STRIPES,
    note: /1 images have float samples from 0 to 0.990741; 0 to 1 become 0 to 255/,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write(
        'images/a.tif',
        tiff(
          Float32Array.from({ length: AREA }, (_, i) => i / AREA),
          1,
        ),
      );
    },
  },
  {
    name: 'a float TIFF with samples that are no numbers',
    pixels: STRIPES,
    note: /1 images have samples that are no finite numbers \(2 in all\).*samples from 0 to 0\.990741/,
    fault: async (f) => {
      await f.remove('images/a.png');
      const samples = Float32Array.from({ length: AREA }, (_, i) =>
        i === 3 || i === 9 ? Number.NaN : i / AREA,
      );
      await f.write('images/a.tif', tiff(samples, 1));
    },
  },
  {
    name: 'a float TIFF of nothing but NaN',
    error: /images\/a\.tif cannot be read as an image \(none of its samples is a finite number\)/,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.tif', tiff(new Float32Array(AREA).fill(Number.NaN), 1));
    },
  },
  {
    name: 'a TIFF of five bands',
    error: /it has 5 bands, none of which .* choose one or three of them with bands \(--bands 1,2,3\)/,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.tif', tiff(new Uint8Array(5 * AREA).fill(3), 5));
    },
  },
  {
    name: 'a TIFF of eight bands',
    error: /it has 8 bands/,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.tif', tiff(new Uint8Array(8 * AREA).fill(3), 8));
    },
  },
  {
    name: 'float and 16-bit images',
    error: /its images have float and unsigned samples, for which no range can hold/,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.tif', tiff(new Float32Array(AREA).fill(0.5), 1));
      await f.write('images/b.png', mask({ depth: 16 }, [0, 2000, 4095]));
    },
  },
  {
    name: 'a TIFF of four bands',
    error: /it has 4 bands/,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.tif', tiff(new Uint8Array(4 * AREA).fill(3), 4));
    },
  },
  {
    name: 'a TIFF of signed numbers',
    pixels: STRIPES,
    note: /signed samples from -1000 to 3000; -1000 to 3000 become 0 to 255/,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write(
        'images/a.tif',
        tiff(
          Int16Array.from({ length: AREA }, (_, i) => (i % 2 ? 3000 : -1000)),
          1,
        ),
      );
    },
  },
  {
    name: 'SVG',
    error: /a drawing/s,
    fault: (f) => f.write('images/a.png', '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="9"/>'),
  },
  {
    name: 'HEIC',
    error: /it is HEIC/s,
    fault: (f) => f.write('images/a.png', Buffer.from('0000001c667479706865696300000000', 'hex')),
  },
  {
    name: 'a BMP',
    error: /it is BMP/s,
    fault: async (f) => {
      await f.remove('images/a.png');
      await f.write('images/a.bmp', Buffer.from('424d46000000', 'hex'));
    },
  },
  {
    name: 'all black',
    pixels: STRIPES,
    fault: async (f) => f.writeAll('images', await rgbPng(new Uint8Array(3 * AREA), WIDTH, HEIGHT)),
  },
  {
    name: 'images are the masks',
    error: /is the same picture as its image/s,
    fault: async (f) => {
      for (const n of 'abcd') await cp(join(f.root, `masks/${n}.png`), join(f.root, `images/${n}.png`));
    },
  },
];

/** An uncompressed TIFF of {@link WIDTH} x {@link HEIGHT} pixels, whose bands are no colours. */
export function tiff(samples: Uint8Array | Uint16Array | Int16Array | Float32Array, bands: number): Buffer {
  const format = samples instanceof Float32Array ? 3 : samples instanceof Int16Array ? 2 : 1;
  const bits = 8 * samples.BYTES_PER_ELEMENT;
  const pixels = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const SHORT = 3;
  const LONG = 4;
  const tags: [number, number, number[]][] = [
    [256, SHORT, [WIDTH]],
    [257, SHORT, [HEIGHT]],
    [258, SHORT, new Array<number>(bands).fill(bits)],
    [259, SHORT, [1]],
    [262, SHORT, [1]],
    [273, LONG, [8]],
    [277, SHORT, [bands]],
    [278, SHORT, [HEIGHT]],
    [279, LONG, [pixels.length]],
    ...(bands > 1 ? [[338, SHORT, new Array<number>(bands - 1).fill(0)] as [number, number, number[]]] : []),
    [339, SHORT, new Array<number>(bands).fill(format)],
  ];
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  const start = 8 + pixels.length + (pixels.length % 2);
  const extra: Buffer[] = [];
  let next = start + directory.length;
  directory.writeUInt16LE(tags.length);
  tags.forEach(([tag, type, values], i) => {
    const size = type === SHORT ? 2 : 4;
    const bytes = Buffer.alloc(Math.max(4, size * values.length));
    values.forEach((value, n) => {
      bytes.writeUIntLE(value, n * size, size);
    });
    const at = 2 + 12 * i;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(values.length, at + 4);
    if (bytes.length === 4) bytes.copy(directory, at + 8);
    else {
      directory.writeUInt32LE(next, at + 8);
      extra.push(bytes);
      next += bytes.length;
    }
  });
  const head = Buffer.alloc(8);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(start, 4);
  return Buffer.concat([head, pixels, Buffer.alloc(pixels.length % 2), directory, ...extra]);
}

function stripesDown(height: number): Buffer {
  return indexMask(
    Array.from({ length: height }, (_, i) => Math.floor((3 * i) / height)),
    1,
    height,
  );
}

/** A PNG that claims 60000 x 60000 pixels. */
function bomb(): Buffer {
  const bytes = Buffer.from(mask());
  bytes.writeUInt32BE(60000, 16);
  bytes.writeUInt32BE(60000, 20);
  return bytes;
}
