/** @file What is trained for each cell of the tables. A training that several cells are of is made once. */

import type { SourceName } from './copies.js';
import { PUBLISHED, RATIO, SSL, type TableName } from './published.js';
import { SUBSETS, type SubsetName } from './subsets.js';

/** What a training learns from. */
export type CellData =
  | { readonly subset: SubsetName }
  /** A data set as it is. */
  | { readonly whole: Exclude<SourceName, 'DIS5K'> };

/** A training, but for its seed. */
export interface CellTraining {
  /** Beginning of its name in the study. */
  readonly key: string;
  readonly template: string;
  readonly data: CellData;
  readonly kind: 'supervised' | 'semi' | 'images' | 'supcon';
  /** Key of the training whose weights it starts from. */
  readonly from?: string;
}

/** A cell: a score of a training, or the ratio of the times of two. */
export interface Cell {
  readonly table: TableName;
  readonly row: string;
  readonly template: string;
  readonly column: string;
  readonly published: number;
  /** Keys: of one training, or of the two whose times are divided. */
  readonly of: readonly [score: string] | readonly [dividend: string, divisor: string];
}

/** Some cells, with all trainings that they take in an order in which each comes after what it starts from. */
export interface CellPlan {
  readonly cells: readonly Cell[];
  readonly trainings: readonly CellTraining[];
}

/** @param templates those whose rows are wanted. */
export function planCells(tables: readonly TableName[], templates: readonly string[]): CellPlan {
  const trainings = new Map<string, CellTraining>();
  const cells: Cell[] = [];
  for (const table of tables) {
    const { columns, rows } = PUBLISHED[table];
    for (const [row, template, ...numbers] of rows) {
      if (!templates.includes(template)) continue;
      columns.forEach((column, at) => {
        const made = MAKERS[table](template, row, column);
        for (const training of made) trainings.set(training.key, training);
        const [last, other] = [made.at(-1)!.key, made[0]!.key];
        const of = column.endsWith(RATIO) ? ([last, other] as const) : ([last] as const);
        cells.push({ table, row, template, column, published: numbers[at]!, of });
      });
    }
  }
  return { cells, trainings: [...trainings.values()] };
}

/** Trainings of a cell, the one that it is of last. */
type Maker = (template: string, row: string, column: string) => readonly CellTraining[];

const keyOf = (template: string, what: string): string => `${template}_${what}`;

const SUPERVISED: Readonly<Record<string, CellData>> = {
  DIS5K: { subset: 'DIS5K' },
  Cityscapes: { whole: 'Cityscapes' },
  VOC: { whole: 'VOC' },
  KITTI: { whole: 'KITTI' },
};

const SEMI: Readonly<Record<string, SubsetName>> = {
  Cityscapes: 'Cityscapes-16th',
  VOC: 'VOC-16th',
  DIS5K: 'DIS5K-4th',
  VOC_12: 'VOC_12',
  KITTI_54: 'KITTI_54',
  City_4: 'City_4',
};

const FEW = { 8: 'VOC_8', 16: 'VOC_16', 24: 'VOC_24' } as const satisfies Record<number, SubsetName>;

function alone(template: string, column: string): CellTraining {
  const count = Number(/\d+/.exec(column)?.[0]) as keyof typeof FEW;
  const subset = FEW[count];
  return { key: keyOf(template, subset), template, data: { subset }, kind: 'supervised' };
}

const MAKERS: Readonly<Record<TableName, Maker>> = {
  supervised: (template, _, column) => [
    { key: keyOf(template, `full-${column}`), template, data: SUPERVISED[column]!, kind: 'supervised' },
  ],
  semi: (template, row, column) => {
    const subset = SEMI[column]!;
    const isSemi = row.endsWith(SSL);
    const key = keyOf(template, `${subset}${isSemi ? '_SSL' : ''}`);
    return [{ key, template, data: { subset }, kind: isSemi ? 'semi' : 'supervised' }];
  },
  selfsl: (template, _, column) => {
    const base = alone(template, column);
    if (!column.endsWith('Self-SL')) return [base];
    const images = keyOf(template, 'VOC_3_images');
    return [
      { key: images, template, data: { subset: 'VOC_3' }, kind: 'images' },
      { ...base, key: `${base.key}_Self-SL`, from: images },
    ];
  },
  supcon: (template, _, column) => {
    const base = alone(template, column);
    return column.endsWith(' SL') ? [base] : [base, { ...base, key: `${base.key}_SupCon`, kind: 'supcon' }];
  },
};

/** The data set that a training needs a copy of. */
export const sourceOf = ({ data }: CellTraining): SourceName =>
  'whole' in data ? data.whole : SUBSETS[data.subset].source;
