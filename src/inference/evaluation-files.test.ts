import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Outputs } from '../base/outputs/outputs.js';
import { ConfusionMatrix } from '../runs/metrics.js';
import { evaluationFiles, writeEvaluation } from './evaluation-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-evaluation-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const CLASSES = [
  { name: 'background', color: [0, 0, 0] },
  { name: 'road, wet', color: [200, 0, 0] },
  { name: 'never', color: [0, 200, 0] },
  { name: 'only "the model"', color: [0, 0, 200] },
] as const;

async function evaluationOf(imagePath: string) {
  const matrix = new ConfusionMatrix(CLASSES.length);
  const truth = Uint8Array.from([0, 0, 0, 1, 1, 1, 255, 255]);
  const prediction = Uint8Array.from([0, 0, 1, 1, 1, 3, 0, 1]);
  matrix.add(truth, prediction);
  const scored = [0, 2, 1];
  const metrics = matrix.summary(scored);
  const sample = { id: 'a', imagePath, maskPath: '', width: 4, height: 2 };
  return {
    ...{ matrix, classes: CLASSES, scored, metrics, diceAverage: 0.5 },
    images: [
      { name: 'a', image: imagePath, mDice: 2 / 3, accuracy: 0.5 },
      { name: 'b', image: 'b.png', mDice: Number.NaN, accuracy: Number.NaN },
    ],
    worst: [{ sample, width: 4, height: 2, truth, prediction, mDice: 2 / 3, accuracy: 0.5 }],
  };
}

test('tables have the order of the data set, counts that of the model, and cells without a value are empty', async () => {
  const imagePath = join(folder, 'a.png');
  await sharp({ create: { width: 4, height: 2, channels: 3, background: 'white' } }).toFile(imagePath);
  const outputs = await Outputs.open({ root: join(folder, 'out') });
  await writeEvaluation(outputs, await evaluationOf(imagePath));
  await outputs.close();
  const files = evaluationFiles(join(folder, 'out'));
  const read = (path: string) => readFile(path, 'utf8');
  expect(JSON.parse(await read(files.performance))).toEqual({ 'Dice Average': 0.5 });
  expect(await read(files.classScores)).toBe(
    [
      'class,Dice,IoU,recall,precision,pixels',
      'background,0.8,0.666667,0.666667,1,3',
      'never,,,,,0',
      '"road, wet",0.666667,0.5,0.666667,0.666667,3\n',
    ].join('\n'),
  );
  expect(await read(files.imageScores)).toBe('image,mDice,accuracy\na,0.666667,0.5\nb,,\n');
  expect(await read(files.confusion)).toBe(
    [
      'truth,background,"road, wet",never,"only ""the model"""',
      'background,2,1,0,0',
      '"road, wet",0,2,0,1',
      'never,0,0,0,0',
      '"only ""the model""",0,0,0,0\n',
    ].join('\n'),
  );
  for (const path of [files.confusionChart, files.worstImages]) {
    expect((await sharp(path).metadata()).format).toBe('png');
  }
});

test('the scores are there also where a photograph is gone', async () => {
  const outputs = await Outputs.open({ root: join(folder, 'out') });
  await expect(writeEvaluation(outputs, await evaluationOf(join(folder, 'gone.png')))).rejects.toMatchObject({
    code: 'image',
    message: expect.stringContaining('gone.png'),
  });
  await outputs.close();
  expect(await readdir(join(folder, 'out'))).toEqual(
    expect.arrayContaining(['performance.json', 'eval_classes.csv', 'eval_images.csv', 'eval_confusion.csv']),
  );
});
