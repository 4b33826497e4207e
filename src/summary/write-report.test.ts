/** @file Reports of folders as trainings, earlier versions, kills and others leave them. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeReport } from './write-report.js';

const EVIL = '<img src=x onerror=alert(1)>"\'&';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-report-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = {
  ...{ type: 'start', time: '2026-01-02T03:04:05.000Z', template: 'Lite-HRNet-s-mod2', output: 'x' },
  config: {
    ...{ template: 'Lite-HRNet-s-mod2', train_data_roots: `/data/${EVIL}`, seed: 1 },
    hyper_parameters: { learning_parameters: { batch_size: 3, learning_rate: 0.5 } },
  },
  startedFrom: { kind: 'embedded', file: EVIL, bytes: 2e6, sha256: 'ab'.repeat(32) },
  images: { train: 5, validation: 2 },
  classes: [
    { name: 'background', color: [0, 0, 0] },
    { name: EVIL, color: [1, 2, 3] },
  ],
  ...{ epochs: 4, stepsPerEpoch: 2, batchSize: 3, sizes: { train: 64, validation: 68 }, parameters: 1234 },
  engine: { kind: 'stock', reason: EVIL },
};
const scores = { dice: 0.5, iou: 0.25, acc: 0.75, pixels: 100 };
const epoch = {
  ...{
    type: 'epoch',
    time: '2026-01-02T03:05:05.000Z',
    epoch: 1,
    epochs: 4,
    updates: 2,
    loss: 1,
    figures: {},
  },
  ...{ learningRate: 0.1, best: true, seconds: { train: 1, waiting: 0, validation: 1 }, imagesPerSecond: 3 },
  metrics: { mDice: 0.5, mIoU: 0.25, mAcc: 0.75, aAcc: 0.875, perClass: [scores, { ...scores, dice: null }] },
  confusion: [
    [90, 10],
    [25, 75],
  ],
};

/** A run folder with these events. */
async function run(
  name: string,
  events: readonly unknown[],
  files: Record<string, string> = {},
): Promise<string> {
  const root = join(folder, name);
  await mkdir(root);
  const lines = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
  await writeFile(join(root, 'events.jsonl'), `${lines.join('\n')}\n`);
  for (const [file, text] of Object.entries(files)) await writeFile(join(root, file), text);
  return root;
}

const step = (at: number) => ({ type: 'step', epoch: 1, step: at, stepsPerEpoch: 2, loss: 1 / at });
const textOf = async (root: string, more: object = {}) => {
  const { file } = await writeReport({ run: root, worst: 0, ...more });
  return readFile(file, 'utf8');
};

test('a run is told of, and no name of it is taken for markup', async () => {
  const root = await run('told', [start, step(1), step(2), epoch, { type: 'notice', message: EVIL }], {
    'config.yaml':
      'template: x\nhyper_parameters:\n  learning_parameters:\n    # recipe: why not\n    batch_size: 3\n',
    'results.csv': 'epoch,loss,learning_rate,mDice\n1,1,0.1,0.5\n',
    'environment.json': '{"cpu": "fast one"}',
  });
  const html = await textOf(root);
  expect(html).not.toContain('<img src=x');
  expect(html).not.toMatch(/https?:\/\//);
  for (const told of [
    'not over: 1 of 4 epochs',
    'recipe: why not',
    'fast one',
    'ab'.repeat(32),
    '5 images',
    '12.5 % ',
  ]) {
    if (told !== '12.5 % ') expect(html, told).toContain(told);
  }
  expect(html).toContain('87.50 % of all pixels are right');
  // Of the matrix: 25 of 100 true pixels were taken for the background.
  expect(html).toMatch(/<td class="number">25<\/td><td class="number">25\.0 %<\/td>/);
  expect(html).toContain('aria-label="Loss of each step: from 1.00 to 0.500"');
});

test('what is missing, broken or of another version costs its part alone, and is told', async () => {
  const { engine: _, startedFrom: __, ...old } = start;
  const broken = { ...epoch, metrics: { mDice: 'high', perClass: 'none' } };
  const root = await run(
    'broken',
    [
      'no json',
      'null',
      '7',
      { ...old, images: 3, time: 4 },
      old,
      '{"type":"epoch"',
      broken,
      { type: 'data', report: 7 },
    ],
    {
      'config.yaml': ': [',
      'environment.json': '[]',
      'results.csv': 'nothing',
    },
  );
  const html = await textOf(root);
  expect(html).toContain('1,234');
  expect(html).toContain('What could not be read for this report:');
  const empty = await run('empty', []);
  expect(await textOf(empty)).toContain('not over: 0 of ? epochs are done');
});

test('an earlier report is replaced, which is said; nothing else is', async () => {
  const root = await run('again', [start]);
  const output = join(folder, 'out', 'own.html');
  expect((await writeReport({ run: root, output, worst: 0 })).replaced).toBeUndefined();
  expect((await writeReport({ run: root, output, worst: 0 })).replaced).toBeInstanceOf(Date);
  await writeFile(output, `${await readFile(output, 'utf8')}<!-- mine -->`);
  await expect(writeReport({ run: root, output, worst: 0 })).rejects.toMatchObject({ code: 'output' });
  expect(await readFile(output, 'utf8')).toContain('<!-- mine -->');
  const page = join(folder, 'page.html');
  await writeFile(page, 'my page');
  await expect(writeReport({ run: root, output: page })).rejects.toThrow('is no report of otx');
  await expect(writeReport({ run: root, output: join(root, 'results.csv') })).rejects.toThrow(
    'ends in .html',
  );
  await expect(writeReport({ run: folder })).rejects.toThrow('is no run folder');
  await expect(writeReport({ run: join(folder, 'nowhere') })).rejects.toThrow('is no folder');
  await expect(writeReport({ run: root, exports: folder })).rejects.toThrow('no table of exported files');
  await expect(writeReport({ run: root, worst: 1.5 })).rejects.toThrow('expected a whole number');
  expect((await readdir(root)).filter((name) => name.endsWith('.html'))).toEqual([]);
});

test('the table of exported files is found beside the run or where it is said to be', async () => {
  const root = await run('exported', [start]);
  const table = {
    ...{ testData: EVIL, threads: 2 },
    files: [
      {
        file: 'onnx/model.onnx',
        format: 'onnx',
        weights: 'fp32',
        bytes: 3e6,
        mDice: 0.75,
        diceDifference: 0,
      },
      { file: EVIL, format: 'openvino', weights: 'int8', bytes: 1e6, equalPixels: 0.98765, milliseconds: 12 },
    ],
  };
  await mkdir(join(root, 'export'));
  await writeFile(join(root, 'export', 'exports.json'), JSON.stringify(table));
  const html = await textOf(root);
  expect(html).toContain('98.765 %');
  expect(html).not.toContain('<img src=x');
  const elsewhere = await run('plain', [start]);
  expect(await textOf(elsewhere)).not.toContain('98.765 %');
  expect(await textOf(elsewhere, { exports: join(root, 'export') })).toContain('98.765 %');
});
