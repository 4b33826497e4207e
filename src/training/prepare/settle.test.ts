import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../demo/generate.js';
import { load } from '../../inference/load.js';
import { loadCheckpoint } from '../../runs/checkpoint.js';
import type { TrainEvent } from '../../runs/events.js';
import { readRunConfig } from '../../runs/run-config.js';
import { readTrainingConfig } from '../options/training-config.js';
import { train } from '../train.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-settle-'));
  await generateScenes(join(folder, 'data'), { train: 5, val: 1, width: 64, height: 48 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A training of four steps of which nothing is said that a recipe chooses but its length. */
async function run(name: string, stopAfter = Number.POSITIVE_INFINITY) {
  const notices: string[] = [];
  const abort = new AbortController();
  const output = join(folder, name);
  const training = train({
    ...{ trainData: join(folder, 'data', 'train'), output, pretrained: 'none', epochs: 4 },
    ...{ threads: 1, workers: 0, reports: false, signal: abort.signal },
    onEvent: (event: TrainEvent) => {
      if (event.type === 'notice') notices.push(event.message);
      if (event.type === 'step' && event.epoch >= stopAfter) abort.abort();
    },
  });
  await (stopAfter < 4 ? expect(training).rejects.toMatchObject({ code: 'aborted' }) : training);
  return { output, notices };
}

const bitsOf = async (output: string) =>
  [...(await loadCheckpoint(join(output, 'models', 'last.safetensors'))).tensors].map(([key, { data }]) => [
    key,
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
  ]);

test('a run says which recipe it follows and keeps what it chose', { timeout: 240_000 }, async () => {
  const whole = await run('whole');
  expect(whole.notices).toContainEqual(
    expect.stringMatching(
      /^recipe auto: what suits a start from random numbers and 5 images of about 55x55 pixels: augmentation plain, /,
    ),
  );
  expect(whole.notices).toContainEqual(expect.stringMatching(/^the template is Lite-HRNet-s-mod2/));
  const text = await readFile(join(whole.output, 'config.yaml'), 'utf8');
  expect(text).toMatch(/# recipe: the size of the images: .*\n *input_size: 64x64\n/);
  const config = await readRunConfig(join(whole.output, 'config.yaml'));
  expect(config).toMatchObject({ recipe: 'auto', template: 'Lite-HRNet-s-mod2' });
  const { learning_parameters } = config.hyper_parameters!;
  // Five images make a batch.
  expect(learning_parameters).toMatchObject({ learning_rate: 0.002, num_iters: 4, batch_size: 5 });
  expect((await load(whole.output)).recipe).toBe('auto');

  // Interrupted and gone on with, it has the same settings and ends with the same bits.
  const { output } = await run('interrupted', 2);
  await expect(train({ resumeFrom: output, recipe: 'otx' })).rejects.toThrow(
    /cannot go on with recipe otx, the run began with auto/,
  );
  const notices: string[] = [];
  await train({
    ...{ resumeFrom: output, recipe: 'auto', reports: false },
    onEvent: (event) => event.type === 'notice' && notices.push(event.message),
  });
  expect(notices.join('\n')).not.toContain('recipe');
  expect(await bitsOf(output)).toEqual(await bitsOf(whole.output));

  // So does the same configuration in another folder, of which all is named.
  const { configFile: _, ...named } = await readTrainingConfig(join(whole.output, 'config.yaml'));
  const again = join(folder, 'again');
  const trainData = join(folder, 'data', 'train');
  await train({ ...named, trainData, output: again, reports: false });
  expect(await bitsOf(again)).toEqual(await bitsOf(whole.output));
});
