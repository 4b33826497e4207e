/** @file The labels of Cityscapes: what the numbers in its masks and the names in its polygons mean. KITTI has the same. */
import type { Rgb } from '../masks/color-vision.js';
import { BACKGROUND, type ClassInfo, IGNORE_INDEX } from '../types.js';

/** The classes to learn, in the order of their training numbers, with their numbers in files of label ids. */
const LEARNED: readonly (readonly [id: number, name: string, color: Rgb])[] = [
  [7, 'road', [128, 64, 128]],
  [8, 'sidewalk', [244, 35, 232]],
  [11, 'building', [70, 70, 70]],
  [12, 'wall', [102, 102, 156]],
  [13, 'fence', [190, 153, 153]],
  [17, 'pole', [153, 153, 153]],
  [19, 'traffic light', [250, 170, 30]],
  [20, 'traffic sign', [220, 220, 0]],
  [21, 'vegetation', [107, 142, 35]],
  [22, 'terrain', [152, 251, 152]],
  [23, 'sky', [70, 130, 180]],
  [24, 'person', [220, 20, 60]],
  [25, 'rider', [255, 0, 0]],
  [26, 'car', [0, 0, 142]],
  [27, 'truck', [0, 0, 70]],
  [28, 'bus', [0, 60, 100]],
  [31, 'train', [0, 80, 100]],
  [32, 'motorcycle', [0, 0, 230]],
  [33, 'bicycle', [119, 11, 32]],
];
/** Names in polygons that nobody is to learn. */
const IGNORED = [
  ...['unlabeled', 'ego vehicle', 'rectification border', 'out of roi', 'static', 'dynamic', 'ground'],
  ...['parking', 'rail track', 'guard rail', 'bridge', 'tunnel', 'polegroup', 'caravan', 'trailer'],
  'license plate',
];
const HIGHEST_ID = 33;

/** Background, which never occurs, and the 19 classes that are scored. */
export const CITYSCAPES_CLASSES: readonly ClassInfo[] = [
  { name: BACKGROUND, color: [0, 0, 0] },
  ...LEARNED.map(([, name, color]) => ({ name, color })),
];

/** Class index of each value in `labelIds` files. */
export const LABEL_IDS: readonly number[] = Array.from({ length: HIGHEST_ID + 1 }, (_, id) => {
  const index = LEARNED.findIndex(([own]) => own === id);
  return index < 0 ? IGNORE_INDEX : index + 1;
});

/** Class index of each value in `labelTrainIds` files. */
export const TRAIN_IDS: readonly number[] = LEARNED.map((_, index) => index + 1);

/** Class index of a name in a file of polygons, also of a group; undefined for a name that is none. */
export function classOfPolygon(label: string): number | undefined {
  for (const name of [label, label.replace(/group$/, '')]) {
    const index = LEARNED.findIndex(([, own]) => own === name);
    if (index >= 0) return index + 1;
    if (IGNORED.includes(name)) return IGNORE_INDEX;
  }
  return undefined;
}
