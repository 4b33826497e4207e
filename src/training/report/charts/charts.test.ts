import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ConfusionMatrix } from '../../metrics.js';
import { parseResults } from '../results-table.js';
import { confusionOption, drawConfusion } from './confusion.js';
import { labelsOption } from './labels.js';
import { drawResults, resultsOption } from './results.js';

interface Series {
  readonly name: string;
  readonly data: readonly (readonly number[])[];
}
const seriesOf = (option: { series?: unknown }) => option.series as Series[];

describe('results.csv', () => {
  test('is read back with quoted names and missing figures', () => {
    const table = parseResults('epoch,mDice,Dice.a,"Dice.b, ""c""",IoU.a\n1,0.5,,0.25,0.1\n2,,1,,\n');
    expect(table.epochs).toEqual([1, 2]);
    expect(table.classes).toEqual(['a', 'b, "c"']);
    expect(table.column('mDice')).toEqual([0.5, Number.NaN]);
    expect(table.column('Dice.b, "c"')).toEqual([0.25, Number.NaN]);
    expect(table.column('other')).toEqual([Number.NaN, Number.NaN]);
  });

  test('without epochs has none', () => {
    expect(parseResults('epoch,loss\n').epochs).toEqual([]);
  });
});

describe('results.png', () => {
  const csv = 'epoch,loss,learning_rate,mDice,mIoU,mAcc,aAcc,Dice.loss\n';

  test('joins the validated epochs and names the best', () => {
    const option = resultsOption(
      parseResults(`${csv}1,3,0.1,0.5,0.4,0.5,0.6,0.5\n2,2,0.1,,,,,\n3,1,0.1,0.4,0.3,0.4,0.5,0.4\n`),
    );
    const series = seriesOf(option);
    expect(series.map(({ name }) => name)).toEqual([
      '0 loss',
      '1 mDice',
      '1 mIoU',
      '1 mAcc',
      '1 aAcc',
      '2 loss',
      '3 rate',
    ]);
    expect(series[0]!.data).toEqual([
      [1, 3],
      [2, 2],
      [3, 1],
    ]);
    expect(series[1]!.data).toEqual([
      [1, 0.5],
      [3, 0.4],
    ]);
    expect(JSON.stringify(option.title)).toContain('best mDice 0.5000 in epoch 1');
  });

  test('of many classes shows the ten weakest', () => {
    const names = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const head = ['epoch', ...names.map((name) => `Dice.${name}`)].join();
    const option = resultsOption(parseResults(`${head}\n1,${names.map((_, i) => 1 - i / 100).join()}\n`));
    const shown = seriesOf(option).flatMap(({ name }) => (name.startsWith('2 ') ? [name] : []));
    expect(shown).toHaveLength(10);
    expect(shown[0]).toBe('2 c29');
  });

  test('has what a method reports, and no scores where nothing was validated', () => {
    const head =
      'epoch,loss,learning_rate,mDice,kept,positive_similarity,negative_similarity,part_loss,Dice.a';
    const option = resultsOption(
      parseResults(`${head}\n1,3,0.1,,0.5,0.9,-0.2,1,\n2,2,0.1,,0.6,0.95,-0.3,1,\n`),
    );
    expect((option.title as { text: string }[]).map(({ text }) => text)).toEqual([
      ...['Training loss', 'Mean similarity', 'Kept', 'Learning rate', ''],
    ]);
    const series = seriesOf(option);
    expect(series.map(({ name }) => name)).toEqual([
      ...['0 loss', '0 part_loss', '1 positive_similarity', '1 negative_similarity', '2 kept', '3 rate'],
    ]);
    expect(series[3]!.data).toEqual([
      [1, -0.2],
      [2, -0.3],
    ]);
  });

  test('grows with what there is to show', async () => {
    const table = parseResults('epoch,loss,learning_rate,kept,share\n1,3,0.1,0.5,0.9\n');
    expect(await sharp(await drawResults(table)).metadata()).toMatchObject({ width: 1800, height: 1200 });
    const short = parseResults('epoch,loss,learning_rate\n1,3,0.1\n');
    expect(await sharp(await drawResults(short)).metadata()).toMatchObject({ width: 1800, height: 600 });
  });

  test('can be drawn from one epoch', async () => {
    const png = await drawResults(parseResults(`${csv}1,3,0.1,0.5,0.4,0.5,0.6,0.5\n`));
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 1800, height: 1200 });
  });
});

describe('confusion_matrix.png', () => {
  const matrix = new ConfusionMatrix(3);
  matrix.counts.set([3, 1, 0, 0, 0, 0, 0, 1, 1]);

  test('has rows of sum one, and none for a class that does not occur', () => {
    const option = confusionOption(matrix, ['a', 'b', 'c'], '', { left: 60, top: 60, size: 300 });
    const cells = (option.series as { data: { value: number[] }[] }).data.map(({ value }) => value);
    expect(cells).toEqual([
      [0, 0, 0.75],
      [1, 0, 0.25],
      [2, 0, 0],
      [0, 2, 0],
      [1, 2, 0.5],
      [2, 2, 0.5],
    ]);
  });

  test('shows the first true class on top and its hits dark', async () => {
    const hits = new ConfusionMatrix(2);
    hits.counts.set([1, 0, 1, 0]);
    const { data, info } = await sharp(await drawConfusion(hits, ['a', 'b'], ''))
      .raw()
      .toBuffer({ resolveWithObject: true });
    // Cells of 72 units at 1.5 pixels, right of 51.2 and below 70 units.
    const red = (x: number, y: number) =>
      data[info.channels * (Math.round(1.5 * (70 + y)) * info.width + Math.round(1.5 * (51.2 + x)))]!;
    expect(red(10, 10)).toBeLessThan(40);
    expect(red(10, 82)).toBeLessThan(40);
    expect(red(82, 10)).toBeGreaterThan(200);
  });
});

test('labels.png counts equal sizes once and writes shares as figures', () => {
  const report = {
    root: '',
    images: 3,
    classes: [{ name: 'a', pixels: 1, share: 0.004, images: 2 }],
    shown: [],
    ignoredShare: 0,
    warnings: [],
    notices: [],
  };
  const sizes = [
    { width: 4, height: 3 },
    { width: 4, height: 3 },
    { width: 3, height: 4 },
  ];
  const option = labelsOption([{ name: 'a', color: [0, 0, 0] }], [{ name: 'train', report, sizes }], 400);
  const [bars, scatter] = option.series as {
    data: (number | { value: number[] })[];
    label: { formatter(cell: { dataIndex: number; value: unknown }): string };
  }[];
  expect(bars!.data).toEqual([0.4]);
  expect(bars!.label.formatter({ dataIndex: 0, value: 0.4 })).toBe('0.4 %  in 2 of 3');
  expect(scatter!.data).toMatchObject([{ value: [4, 3, 2] }, { value: [3, 4, 1] }]);
  expect(scatter!.label.formatter({ dataIndex: 0, value: [4, 3, 2] })).toBe('4 x 3: 2 train');
});
