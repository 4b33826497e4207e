import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import sharp from '../../data/images/sharp.js';
import { generateScenes } from '../../demo/generate.js';
import { readTrainingConfig } from '../../training/options/training-config.js';
import { checkLabels } from '../noise/check-labels.js';
import { planTraining } from './plan-training.js';

const IMAGES = 10;
let folder: string;
let trainData: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-plan-'));
  await generateScenes(join(folder, 'data'), { train: IMAGES, val: 3, width: 64, height: 48 });
  trainData = join(folder, 'data', 'train');
});
afterAll(() => rm(folder, { recursive: true }));

const SMALL = { template: 'Lite-HRNet-s-mod2', threads: 1 } as const;

test('a plan is a configuration with a reason above each value, which may be edited', async () => {
  const output = join(folder, 'plan');
  const { values, yaml, file, time, pilot } = await planTraining({
    ...SMALL,
    ...{ trainData, output, timing: false, bands: '1,2,3', timeBudgetSeconds: 600 },
  });
  expect([time, pilot]).toEqual([undefined, undefined]);
  expect(file).toBe(join(output, 'plan.yaml'));
  expect(await readFile(file!, 'utf8')).toBe(yaml);

  const read = await readTrainingConfig(file!);
  const planned = Object.fromEntries(values.map(({ name, value }) => [name, value]));
  expect(read).toMatchObject({ ...planned, ...SMALL, trainData, bands: '1,2,3' });
  // Nothing is in the file that the plan does not have: all else keeps its default.
  expect(Object.keys(read).sort()).toEqual(
    [...Object.keys(planned), 'trainData', 'bands', 'threads', 'configFile'].sort(),
  );
  for (const { value, reason } of values) {
    const [words = ''] = reason.split(' ');
    expect(yaml).toMatch(
      new RegExp(`# ${words.replace(/\W/g, '.')} [^\\n]*\\n( *# .*\\n)* *\\w+: ${value}\\n`),
    );
  }

  const edited = yaml.replace('input_size: 64x64', 'input_size: 128x128');
  expect(edited).not.toBe(yaml);
  await writeFile(file!, edited);
  expect((await readTrainingConfig(file!)).inputSize).toBe('128x128');
});

test('validation data of its own is used as it is, and steps are measured', { timeout: 60_000 }, async () => {
  const validationData = join(folder, 'data', 'val');
  const { values, time, yaml } = await planTraining({ ...SMALL, trainData, validationData });
  expect(values.map(({ name }) => name)).not.toContain('valShare');
  expect(yaml).toContain(`val_data_roots: ${validationData}`);
  expect(time).toMatchObject({ threads: 1, stepsPerEpoch: 1 });
  expect(time!.stepsMeasured).toBeGreaterThanOrEqual(2);
  expect(time!.secondsPerEpoch).toBeGreaterThan(time!.secondsPerStep);
});

test('a pilot trains on the data, and can be interrupted', { timeout: 60_000 }, async () => {
  const output = join(folder, 'piloted');
  const steps: number[] = [];
  const { pilot, yaml } = await planTraining({
    ...{ ...SMALL, trainData, output, timing: false, pilotSeconds: 2 },
    onEvent: (event) => event.type === 'step' && steps.push(event.loss),
  });
  expect(pilot).toMatchObject({ output: join(output, 'pilot'), side: 64, steps: steps.length });
  expect(pilot!.metrics.perClass).toHaveLength(6);
  expect(pilot!.curve.at(-1)!.steps).toBe(steps.length);
  await checksLabels(pilot!.output);
  expect(yaml).toContain(`reached a mean Dice of ${pilot!.metrics.mDice.toFixed(3)}`);

  const abort = new AbortController();
  const interrupted = planTraining({
    ...{ ...SMALL, trainData, output: join(folder, 'aborted'), timing: false, pilotSeconds: 60 },
    ...{ signal: abort.signal, onEvent: (event) => event.type === 'step' && abort.abort() },
  });
  await expect(interrupted).rejects.toMatchObject({ code: 'aborted' });
});

/** What the pilot has learned is enough to compare labels with. */
async function checksLabels(weights: string): Promise<void> {
  const output = join(folder, 'labels');
  const { images, table, classes } = await checkLabels({ weights, data: trainData, output, shown: 2 });
  expect(images).toHaveLength(IMAGES);
  const scores = images.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  const rows = (await readFile(table!, 'utf8')).trim().split('\n');
  expect(rows.slice(1).map((line) => line.split(',')[0])).toEqual(images.map(({ name }) => name));
  const names = classes.map(({ name }) => name);
  const contradicted = images.filter(({ score }) => score > 0);
  expect(contradicted.length).toBeGreaterThan(0);
  for (const { changes, share } of contradicted) {
    expect(changes.reduce((sum, change) => sum + change.share, 0)).toBeCloseTo(share);
    for (const { from, to } of changes)
      expect([names.includes(from), names.includes(to), from === to]).toEqual([true, true, false]);
  }
  const pictures = images.flatMap(({ picture }) => picture ?? []);
  expect(pictures).toHaveLength(Math.min(contradicted.length, 2));
  expect((await sharp(pictures[0]).metadata()).format).toBe('png');
}

test('a pilot without a folder is refused', async () => {
  await expect(planTraining({ trainData, pilotSeconds: 5 })).rejects.toMatchObject({ code: 'usage' });
});
