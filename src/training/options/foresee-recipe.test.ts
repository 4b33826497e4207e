import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { generateScenes } from '../../demo/generate.js';
import { formatTrainingConfig, readTrainingConfig } from './training-config.js';

let folder: string;
let trainData: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-foresee-'));
  await generateScenes(join(folder, 'data'), { train: 16, val: 2, width: 100, height: 64 });
  trainData = join(folder, 'data', 'train');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const learning = (yaml: string) => parse(yaml).hyper_parameters.learning_parameters;

test('what is known is chosen, with the reason above it', async () => {
  const yaml = await formatTrainingConfig({ trainData, pretrained: 'none', epochs: 40 });
  // 80 steps of 8.
  expect(learning(yaml)).toMatchObject({
    ...{ learning_rate: 0.002, learning_rate_schedule: 'poly', augmentation: 'plain', input_size: '96x96' },
    ...{ num_iters: 40, learning_rate_warmup_iters: 8, validation_interval: 1 },
  });
  expect(yaml).toMatch(/^# the template is Lite-HRNet-s-mod2, as none was named/);
  expect(yaml).toContain(`# validation data: ${join(folder, 'data', 'val')}, found beside ${trainData}`);
  expect(yaml).toMatch(
    /^# recipe auto: what suits a start from random numbers and 16 images of about 80x80/m,
  );
  expect(yaml).toMatch(/# recipe: a tenth of 80 steps\n *learning_rate_warmup_iters: 8\n/);
  // What was asked for needs no reason.
  expect(yaml).toMatch(/ema_decay: 0\n *swa_start: 1\n *num_iters: 40\n/);
});

test('what is not known yet is left out, and said for each case', async () => {
  const yaml = await formatTrainingConfig({ trainData: join(folder, 'nowhere') });
  const chosen = learning(yaml);
  for (const name of [
    'learning_rate',
    'learning_rate_warmup_iters',
    'num_iters',
    'input_size',
    'augmentation',
  ])
    expect(chosen).not.toHaveProperty(name);
  expect(chosen).toMatchObject({ batch_size: 8, optimizer: 'adam', ema_decay: 0 });
  const flowing = yaml.replace(/\n# /g, ' ');
  expect(flowing).toMatch(
    /learning_parameters\.learning_rate: from the ImageNet backbone 0\.001; from the embedded backbone 0\.002 \(/,
  );
  expect(flowing).toMatch(/num_iters: .*from the embedded backbone 928 \(10 images of 100x100\), 167 \(100/);
  // Read back, it leaves the recipe the same choice.
  const file = join(folder, 'open.yaml');
  await writeFile(file, yaml);
  const { configFile: _, ...again } = await readTrainingConfig(file);
  const shown = await formatTrainingConfig({ ...again, trainData, pretrained: 'none' });
  const direct = await formatTrainingConfig({ template: 'Lite-HRNet-s-mod2', trainData, pretrained: 'none' });
  expect(parse(shown)).toEqual(parse(direct));
});

test('otx is known from the beginning, and an unknown recipe is refused', async () => {
  const yaml = await formatTrainingConfig({ template: 'SegNext-t', recipe: 'otx' });
  expect(yaml).toMatch(/^# recipe otx: the documented settings of SegNext-t, from any start\n/);
  expect(learning(yaml)).toMatchObject({
    learning_rate: 0.00008,
    num_iters: 170,
    augmentation: 'documented',
  });
  await expect(formatTrainingConfig({ recipe: 'best' as 'otx' })).rejects.toThrow(
    /^recipe is "best"; allowed is one of auto, otx$/,
  );
  expect(parse(await formatTrainingConfig({ recipe: ' OTX ' as 'otx' })).recipe).toBe('otx');
});
