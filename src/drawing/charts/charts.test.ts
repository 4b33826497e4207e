import { describe, expect, test } from 'vitest';
import sharp from '../../data/images/sharp.js';
import { defaultPalette } from '../../data/masks/palette.js';
import { ConfusionMatrix } from '../../runs/metrics.js';
import { svgFile } from '../svg.js';
import { axisFor } from './axis.js';
import { confusionSvg, drawConfusion, shares } from './confusion.js';
import { classColor } from './draw.js';
import { drawLabels, labelsSvg } from './labels.js';
import { drawResults, resultPanels, resultsSvg } from './results.js';
import { parseResults } from './results-table.js';

const classesOf = (...names: string[]) =>
  names.map((name, index) => ({ name, color: defaultPalette(names.length)[index]! }));
/** Everything that is written on a chart. */
const wordsOf = (svg: string) => Array.from(svg.matchAll(/<text[^>]*>([^<]*)</g), ([, words]) => words!);
const hostile = [
  '__proto__',
  '<script>&"\'',
  '\u001b[2J',
  'x'.repeat(20_000),
  '\u202eevil',
  'constructor',
  '車両',
];

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

describe('an axis', () => {
  test.each([
    ['ends at round numbers beyond the data', [0.13, 0.88], {}, [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]]],
    ['keeps the ends it is given', [0.2], { min: 0, max: 1 }, [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]]],
    ['has room around a single value', [2, 2], {}, [1.8, 2.2, [1.8, 1.9, 2, 2.1, 2.2]]],
    ['of nothing but zero', [0], { min: 0 }, [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]]],
    [
      'leaves out what is not finite',
      [1, Number.NaN, Number.POSITIVE_INFINITY, 3],
      {},
      [1, 3, [1, 1.5, 2, 2.5, 3]],
    ],
    ['of no values', [], {}, [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]]],
    ['writes whole numbers alone', [1, 3], { whole: true }, [1, 3, [1, 2, 3]]],
    ['begins at a fixed end above its values', [5], { min: 10 }, [10, 11, [10, 10.2, 10.4, 10.6, 10.8, 11]]],
  ] as const)('%s', (_, values, options, [min, max, ticks]) => {
    const axis = axisFor(values, { from: 10, to: 110, ...options });
    expect(axis.min).toBeCloseTo(min, 9);
    expect(axis.max).toBeCloseTo(max, 9);
    expect(axis.ticks).toEqual(ticks);
    expect(axis.at(axis.min)).toBe(10);
    expect(axis.at(axis.max)).toBe(110);
  });
});

describe('results.png', () => {
  const csv = 'epoch,loss,learning_rate,mDice,mIoU,mAcc,aAcc,Dice.loss\n';

  test('joins the validated epochs and names the best', () => {
    const table = parseResults(
      `${csv}1,3,0.1,0.5,0.4,0.5,0.6,0.5\n2,2,0.1,,,,,\n3,1,0.1,0.4,0.3,0.4,0.5,0.4\n`,
    );
    const panels = resultPanels(table, classesOf('loss'));
    expect(panels.map(({ title, lines }) => [title, lines.map(({ name }) => name)])).toEqual([
      ['Training loss', ['loss']],
      ['Validation scores', ['mDice', 'mIoU', 'mAcc', 'aAcc']],
      ['Dice per class', ['loss']],
      ['Learning rate', ['rate']],
    ]);
    expect(panels[0]!.lines[0]!.points).toEqual([
      [1, 3],
      [2, 2],
      [3, 1],
    ]);
    expect(panels[1]!.lines[0]!.points).toEqual([
      [1, 0.5],
      [3, 0.4],
    ]);
    expect(wordsOf(resultsSvg(table, []))).toContain('best mDice 0.5000 in epoch 1');
  });

  test('draws a line from point to point, and a dot at each', () => {
    const svg = resultsSvg(parseResults('epoch,loss,learning_rate\n1,2,0\n2,1,0\n3,0,0\n'), []);
    // The horizontal axis runs from 60 to 560; 2 is the top of the vertical one, 0 its foot.
    expect(svg).toContain('<path d="M60,72L310,204L560,336"');
    expect(svg).toContain('<circle cx="310" cy="204"');
  });

  test('of many classes shows the ten weakest', () => {
    const names = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const head = ['epoch', ...names.map((name) => `Dice.${name}`)].join();
    const table = parseResults(`${head}\n1,${names.map((_, i) => 1 - i / 100).join()}\n`);
    const [panel] = resultPanels(table, []);
    expect(panel!.title).toBe('Dice of the 10 weakest classes');
    expect(panel!.lines.map(({ name }) => name)).toEqual(names.slice(-10).reverse());
  });

  test('gives each class the colour that it has in the other pictures', () => {
    const classes = classesOf('background', 'car', 'tree');
    const table = parseResults('epoch,Dice.background,Dice.car,Dice.tree\n1,1,1,1\n');
    const lines = resultPanels(table, classes)[0]!.lines;
    expect(lines.map(({ color }) => color)).toEqual(classes.map(classColor));
    expect(new Set(lines.map(({ color }) => color)).size).toBe(3);
  });

  test('has what a method reports, and no scores where nothing was validated', () => {
    const head =
      'epoch,loss,learning_rate,mDice,kept,positive_similarity,negative_similarity,part_loss,Dice.a';
    const panels = resultPanels(
      parseResults(`${head}\n1,3,0.1,,0.5,0.9,-0.2,1,\n2,2,0.1,,0.6,0.95,-0.3,1,\n`),
      [],
    );
    expect(panels.map(({ title, lines }) => [title, lines.map(({ name }) => name)])).toEqual([
      ['Training loss', ['loss', 'part_loss']],
      ['Mean similarity', ['positive_similarity', 'negative_similarity']],
      ['Kept', ['kept']],
      ['Learning rate', ['rate']],
    ]);
    expect(panels[1]!.lines[1]!.points).toEqual([
      [1, -0.2],
      [2, -0.3],
    ]);
  });

  test('leaves out panels and lines without a value yet, as at the start of semi-supervised training', () => {
    const head = 'epoch,loss,learning_rate,mDice,unsupervised_loss,teacher_mDice,kept,entropy_threshold\n';
    const titles = (rows: string) =>
      resultPanels(parseResults(head + rows), []).map(({ title, lines }) => `${title} ${lines.length}`);
    expect(titles('1,3,0.1,0.5,,,,\n')).toEqual([
      'Training loss 1',
      'Validation scores 1',
      'Learning rate 1',
    ]);
    expect(titles('1,3,0.1,0.5,,,,\n2,3,0.1,0.5,1,0.4,0.6,1.1\n')).toEqual([
      ...['Training loss 2', 'Validation scores 2', 'Kept 1', 'Entropy threshold 1', 'Learning rate 1'],
    ]);
  });

  test('grows with what there is to show', async () => {
    const table = parseResults('epoch,loss,learning_rate,kept,share\n1,3,0.1,0.5,0.9\n');
    expect(await sharp(await drawResults(table, [])).metadata()).toMatchObject({ width: 1800, height: 1200 });
    const short = parseResults('epoch,loss,learning_rate\n1,3,0.1\n');
    expect(await sharp(await drawResults(short, [])).metadata()).toMatchObject({ width: 1800, height: 600 });
  });

  test('can be drawn from one epoch', async () => {
    const png = await drawResults(parseResults(`${csv}1,3,0.1,0.5,0.4,0.5,0.6,0.5\n`), []);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 1800, height: 1200 });
  });
});

describe('confusion_matrix.png', () => {
  const matrix = new ConfusionMatrix(3);
  matrix.counts.set([3, 1, 0, 0, 0, 0, 0, 1, 1]);

  test('has rows of sum one, and none for a class that does not occur', () => {
    expect(shares(matrix).map(({ row, column, share }) => [column, row, share])).toEqual([
      [0, 0, 0.75],
      [1, 0, 0.25],
      [2, 0, 0],
      [0, 2, 0],
      [1, 2, 0.5],
      [2, 2, 0.5],
    ]);
    const { body } = confusionSvg(matrix, classesOf('a', 'b', 'c'), '');
    expect(wordsOf(body).filter((words) => /^0\./.test(words))).toEqual(['0.75', '0.25', '0.50', '0.50']);
  });

  test('shows the first true class on top and its hits dark', async () => {
    const hits = new ConfusionMatrix(2);
    hits.counts.set([1, 0, 1, 0]);
    const { data, info } = await sharp(await drawConfusion(hits, classesOf('a', 'b'), ''))
      .raw()
      .toBuffer({ resolveWithObject: true });
    // Cells of 72 units at 1.5 pixels, right of 60.2 and below 70 units.
    const red = (x: number, y: number) =>
      data[info.channels * (Math.round(1.5 * (70 + y)) * info.width + Math.round(1.5 * (60.2 + x)))]!;
    expect(red(10, 10)).toBeLessThan(40);
    expect(red(10, 82)).toBeLessThan(40);
    expect(red(82, 10)).toBeGreaterThan(200);
  });
});

describe('labels.png', () => {
  const report = {
    root: '',
    images: 3,
    classes: [{ name: 'a', pixels: 1, share: 0.004, images: 2 }],
    shown: [],
    ignoredShare: 0,
    warnings: [],
    notices: [],
  };
  const landscape = { width: 4, height: 3 };

  test('counts equal sizes once and writes shares as figures', () => {
    const sizes = [landscape, landscape, { width: 3, height: 4 }];
    const svg = labelsSvg(classesOf('a'), [
      { name: 'train', report, sizes },
      { name: 'validation', report, sizes: [landscape] },
    ]);
    expect(wordsOf(svg)).toEqual(
      expect.arrayContaining(['0.4 %  in 2 of 3', '4 x 3: 2 train, 1 validation', '3 x 4: 1 train']),
    );
    expect(svg.match(/<circle/g)).toHaveLength(3);
  });

  test('can be drawn of a class that never occurs', async () => {
    const empty = { ...report, classes: [{ name: 'a', pixels: 0, share: 0, images: 0 }] };
    const png = await drawLabels(classesOf('a'), [{ name: 'train', report: empty, sizes: [landscape] }]);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 1800 });
  });
});

test('names of any kind are words on every chart, and change nothing else', async () => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort();
  const classes = classesOf(...hostile);
  const names = hostile.map((name) => `"Dice.${name.replaceAll('"', '""')}"`);
  const table = parseResults(
    `epoch,loss,learning_rate,${names.join()}\n1,1,1,${hostile.map(() => 0.5).join()}\n`,
  );
  const matrix = new ConfusionMatrix(hostile.length);
  matrix.counts.fill(1);
  const report = {
    root: '',
    images: 1,
    classes: hostile.map((name) => ({ name, pixels: 1, share: 0.1, images: 1 })),
    ignoredShare: 0,
    shown: [],
    warnings: [],
    notices: [],
  };
  const confusion = confusionSvg(matrix, classes, '');
  const labels = labelsSvg(classes, [{ name: 'train', report, sizes: [{ width: 1, height: 1 }] }]);
  for (const svg of [resultsSvg(table, classes), confusion.body, labels]) {
    const words = wordsOf(svg);
    expect(words).toEqual(
      expect.arrayContaining(['__proto__', '\\u001b[2J', '\\u202eevil', 'constructor', '車両']),
    );
    expect(words.some((word) => /^x{15,}…$/.test(word))).toBe(true);
    expect(words).toContain('&#60;script&#62;&#38;&#34;&#39;');
    const png = sharp(svgFile(1200, 1200, svg)).png();
    expect(await sharp(await png.toBuffer()).metadata()).toMatchObject({ width: 1200 });
  }
  expect(confusion.width).toBeLessThan(1000);
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
