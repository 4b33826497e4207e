/** @file The tables of the documentation of OTX 1.4: Dice in percent, and ratios of training times. */

/** Names of the tables. */
export const TABLE_NAMES = ['supervised', 'semi', 'selfsl', 'supcon'] as const;
/** A table of the documentation. */
export type TableName = (typeof TABLE_NAMES)[number];

/** A table as it was published. */
export interface PublishedTable {
  readonly title: string;
  readonly columns: readonly string[];
  /** A label, the template, and a number for each column. */
  readonly rows: readonly (readonly [label: string, template: string, ...numbers: number[]])[];
}

const S = 'Lite-HRNet-s-mod2';
const M = 'Lite-HRNet-18-mod2';
const X = 'Lite-HRNet-x-mod3';
const T = 'SegNext-t';
const SMALL = 'SegNext-s';
const B = 'SegNext-B';

/** Ends the label of a row that learned from unlabeled images as well. */
export const SSL = '-SSL';
/** Ends the heads of the columns of ratios. */
export const RATIO = 'TR';

const counted = (...others: string[]): string[] =>
  [8, 16, 24].flatMap((count) => ['SL', ...others].map((name) => `#${count} ${name}`));

/** By name. */
export const PUBLISHED: Readonly<Record<TableName, PublishedTable>> = {
  supervised: {
    title: 'Supervised training',
    columns: ['DIS5K', 'Cityscapes', 'VOC', 'KITTI'],
    rows: [
      [S, S, 79.95, 62.38, 58.26, 36.06],
      [M, M, 81.12, 65.04, 63.48, 39.14],
      [X, X, 79.98, 59.97, 61.9, 41.55],
      [T, T, 85.05, 70.67, 80.73, 51.25],
      [SMALL, SMALL, 85.62, 70.91, 82.31, 52.94],
      [B, B, 87.92, 76.94, 85.01, 55.49],
    ],
  },
  semi: {
    title: 'Semi-supervised training',
    columns: ['Cityscapes', 'VOC', 'DIS5K', 'VOC_12', 'KITTI_54', 'City_4'],
    rows: [
      [S, S, 40.8, 43.05, 81.0, 60.12, 61.83, 66.72],
      [S + SSL, S, 45.05, 44.01, 81.46, 64.78, 61.9, 67.03],
      [M, M, 42.71, 44.42, 81.18, 63.24, 61.4, 67.97],
      [M + SSL, M, 48.65, 46.24, 81.52, 65.64, 65.25, 68.11],
      [X, X, 49.2, 43.87, 81.48, 63.96, 59.76, 68.08],
      [X + SSL, X, 50.0, 46.1, 82.0, 66.1, 66.5, 68.41],
      [T, T, 55.93, 73.82, 86.87, 68.0, 62.35, 68.3],
      [T + SSL, T, 60.2, 77.44, 87.6, 70.72, 67.43, 69.21],
      [SMALL, SMALL, 63.75, 77.24, 87.88, 76.3, 66.45, 69.34],
      [SMALL + SSL, SMALL, 68.06, 80.55, 88.72, 77.0, 68.7, 69.73],
      [B, B, 66.39, 80.52, 89.62, 78.65, 70.45, 69.68],
      [B + SSL, B, 71.8, 82.43, 90.32, 80.68, 73.73, 70.02],
    ],
  },
  selfsl: {
    title: 'Self-supervised training',
    columns: counted('Self-SL'),
    rows: [
      [S, S, 48.3, 53.55, 57.08, 58.96, 62.4, 63.46],
      [M, M, 53.47, 49.2, 56.69, 58.72, 62.81, 63.63],
      [X, X, 50.23, 50.93, 60.09, 61.61, 62.66, 64.87],
    ],
  },
  supcon: {
    title: 'Supervised contrastive training',
    columns: counted('SupCon', RATIO),
    rows: [
      [S, S, 52.3, 54.24, 0.83, 59.58, 61.44, 0.93, 62.86, 64.3, 1.03],
      [M, M, 53.0, 56.16, 0.71, 61.44, 60.08, 0.91, 64.26, 64.82, 0.91],
      [X, X, 53.71, 58.67, 0.83, 58.43, 61.52, 0.73, 64.72, 65.83, 0.73],
    ],
  },
};

/** Templates of a table, each once. */
export const templatesOf = (table: TableName): string[] => [
  ...new Set(PUBLISHED[table].rows.map(([, template]) => template)),
];
