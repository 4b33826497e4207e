import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../demo/generate.js';
import { readTrainingConfig } from '../../training/options/training-config.js';
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

test('validation data of its own is used as it is', async () => {
  const validationData = join(folder, 'data', 'val');
  const { values, yaml } = await planTraining({ ...SMALL, trainData, validationData, timing: false });
  expect(values.map(({ name }) => name)).not.toContain('valShare');
  expect(yaml).toContain(`val_data_roots: ${validationData}`);
});

test('planning stops when it is asked to, and a pilot needs a folder', async () => {
  await expect(planTraining({ trainData, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'aborted',
  });
  await expect(planTraining({ trainData, pilotSeconds: 5 })).rejects.toMatchObject({ code: 'usage' });
});
