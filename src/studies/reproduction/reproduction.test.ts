import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadTemplate } from '../../templates/index.js';
import type { StudyRun } from '../study-run.js';
import { planCells, sourceOf } from './cells.js';
import { findCopies } from './copies.js';
import { PUBLISHED, TABLE_NAMES, templatesOf } from './published.js';
import { reproduce } from './reproduce.js';
import { inTurns, SUBSETS, shuffled } from './subsets.js';
import { formatTables, tablesOf, trainingName } from './tables.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-reproduction-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const all = [...new Set(TABLE_NAMES.flatMap(templatesOf))];

test('the published tables are those of the documentation: their rows have the means that it prints', () => {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const meansOf = (table: 'supervised' | 'semi') =>
    PUBLISHED[table].rows.map(([, , ...numbers]) => Number(mean(numbers).toFixed(2)));
  // Of SegNeXt it prints others in the first table, which its own numbers do not give.
  expect(meansOf('supervised').slice(0, 3)).toEqual([59.16, 62.2, 60.85]);
  const printed = [58.92, 60.71, 60.15, 62.57, 61.06, 63.19, 69.21, 72.1, 73.49, 75.46, 75.89, 78.16];
  meansOf('semi').forEach((value, at) => {
    expect(Math.abs(value - printed[at]!)).toBeLessThan(0.011);
  });
  for (const { columns, rows } of Object.values(PUBLISHED)) {
    for (const row of rows) expect(row.length).toBe(2 + columns.length);
  }
  for (const template of all) expect(loadTemplate(template).name).toBe(template);
});

test('each cell has its trainings, each is planned once, and after what it starts from', () => {
  const { cells, trainings } = planCells(TABLE_NAMES, all);
  expect(cells).toHaveLength(24 + 72 + 18 + 27);
  const keys = trainings.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  // Of the two tables of few images the nine baselines are the same.
  expect(keys).toHaveLength(24 + 72 + (9 + 3 + 9) + 9);
  for (const { of } of cells) for (const key of of) expect(keys).toContain(key);
  trainings.forEach(({ from }, at) => {
    if (from !== undefined) expect(keys.indexOf(from)).toBeLessThan(at);
  });
  expect(new Set(trainings.map(sourceOf))).toEqual(new Set(['DIS5K', 'Cityscapes', 'VOC', 'KITTI']));
  const ratio = cells.find(({ column }) => column === '#16 TR')!;
  expect(ratio.of).toEqual(['Lite-HRNet-s-mod2_VOC_16_SupCon', 'Lite-HRNet-s-mod2_VOC_16']);
});

test.each<[keyof typeof SUBSETS, number, object]>([
  ['Cityscapes-16th', 2975, { labeled: 186, unlabeled: 2789 }],
  ['VOC-16th', 1464, { labeled: 92, unlabeled: 1372 }],
  ['DIS5K-4th', 3000, { labeled: 242, unlabeled: 728, validation: 281 }],
  ['VOC_12', 600, { labeled: 12, unlabeled: 500, validation: 150 }],
  ['KITTI_54', 200, { labeled: 54, unlabeled: 200, validation: 50 }],
  ['City_4', 2900, { labeled: 53, unlabeled: 800, validation: 500 }],
  ['VOC_24', 600, { labeled: 24, unlabeled: 0 }],
])('%s has the published sizes', (name, found, sizes) => {
  expect(SUBSETS[name].sizes(found)).toMatchObject(sizes);
});

test('classes take turns, and the order depends on the images alone', () => {
  const image = (id: string, ...shown: number[]) => ({
    image: {
      id,
      path: id,
      ending: '',
      labels: async () => ({ data: new Uint8Array(), width: 0, height: 0 }),
    },
    shown: new Set(shown),
  });
  const candidates = [image('a', 1), image('b', 1), image('c', 1, 2), image('d', 1), image('e', 3)];
  const ids = (count: number) => inTurns(candidates, 4, count).map((one) => one.image.id);
  expect(ids(3)).toEqual(['a', 'c', 'e']);
  expect(ids(9)).toHaveLength(5);
  const named = ['x', 'y', 'z', 'u', 'v'].map((id) => ({ id }));
  expect(shuffled([...named].reverse(), 'rule')).toEqual(shuffled(named, 'rule'));
  expect(shuffled(named, 'rule')).not.toEqual(shuffled(named, 'other'));
});

test('copies are found by their content, and other years of Pascal VOC are none', async () => {
  const write = async (path: string, text = '') => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [year, id] of [
    ['a/VOC2007', '000032'],
    ['b/c/VOC2012', '2007_000032'],
  ] as const) {
    await write(`${year}/JPEGImages/${id}.jpg`);
    await write(`${year}/SegmentationClass/${id}.png`);
    await write(`${year}/ImageSets/Segmentation/train.txt`, `${id}\n`);
    await write(`${year}/ImageSets/Segmentation/val.txt`, `${id}\n`);
  }
  for (const part of ['DIS-TR/im', 'DIS-TR/gt', 'DIS-VD/im', 'DIS-VD/gt']) await write(`data/${part}/1.png`);
  expect(await findCopies(folder)).toEqual(
    new Map([
      ['DIS5K', join(folder, 'data')],
      ['VOC', join(folder, 'b/c/VOC2012')],
    ]),
  );
  await expect(findCopies(join(folder, 'nowhere'))).rejects.toThrow('no such folder');
});

test('without any copy nothing is begun, and the error says what was looked for', async () => {
  const output = join(folder, 'out');
  await expect(reproduce({ dataRoot: folder, output, tables: ['semi'] })).rejects.toThrow(
    /holds no copy of the data sets; looked for\n {2}Cityscapes: leftImg8bit\/train, [\s\S]*KITTI: training\/image_2/,
  );
  await expect(readFile(join(output, 'study.json'))).rejects.toThrow('ENOENT');
  const wrong = { dataRoot: folder, output, tables: ['all'] } as never;
  await expect(reproduce(wrong)).rejects.toThrow('expected some of supervised, semi, selfsl, supcon');
  const models = ['SegNext-t'];
  await expect(reproduce({ dataRoot: folder, output, tables: ['supcon'], models })).rejects.toThrow(
    'SegNext-t is in none of the tables supcon',
  );
});

test('numbers stand beside the published ones, ratios of seeds that have both, and nothing for what was not run', () => {
  const { cells } = planCells(['supcon'], ['Lite-HRNet-s-mod2']);
  const run = (key: string, seed: number, mDice: number, seconds: number) =>
    ({ name: trainingName(`Lite-HRNet-s-mod2_${key}`, seed), metrics: { mDice }, seconds }) as StudyRun;
  const runs = [run('VOC_8', 0, 0.5, 100), run('VOC_8', 1, 0.54, 200), run('VOC_8_SupCon', 0, 0.55, 80)];
  const tables = tablesOf(cells, runs, [0, 1]);
  const text = formatTables(tables, { isMarkdown: true }).split('\n');
  expect(text.slice(0, 5)).toEqual([
    '## Supervised contrastive training',
    '',
    '| model | #8 SL | #8 SupCon | #8 TR | #16 SL | #16 SupCon | #16 TR | #24 SL | #24 SupCon | #24 TR |',
    `|${' --- |'.repeat(10)}`,
    '| Lite-HRNet-s-mod2 | 52.00 ± 2.83 (52.30) | 55.00 (54.24) | 0.80 (0.83) | - (59.58) | - (61.44) | - (0.93) | - (62.86) | - (64.30) | - (1.03) |',
  ]);
  expect(text.at(-1)).toBe('3 of 9 cells; seeds 0, 1; 0.13 hours');
  const narrow = formatTables(tables, { columns: 80 }).split('\n');
  expect(Math.max(...narrow.map(({ length }) => length))).toBeLessThan(80);
  expect(narrow.filter((line) => /^ +#8 TR +0\.80 \(0\.83\)$/.test(line))).toHaveLength(1);
});
