import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../demo/generate.js';
import { mul } from '../graph/index.js';
import { crossEntropy } from '../losses/index.js';
import { convModule, convolution } from '../nn/index.js';
import { loadCheckpoint } from '../runs/checkpoint.js';
import type { TrainOptions } from './options/train-options.js';
import { train } from './train.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-mixed-'));
  await generateScenes(join(folder, 'data'), { train: 4, val: 1, width: 48, height: 32 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A few layers, and a loss whose gradient is beyond float16 with the first scale. */
const own: Pick<TrainOptions, 'model' | 'lossFunction'> = {
  model:
    ({ numClasses }) =>
    (scope, images) => {
      const x = convModule(scope.child('conv'), images, { channels: 8, kernel: 3, stride: 4 });
      return convolution(scope.child('head'), x, { channels: numClasses, kernel: 1 });
    },
  lossFunction: (logits, labels) => mul(crossEntropy(logits, labels), 100),
};

const optionsFor = (output: string): TrainOptions => ({
  ...{ template: 'Lite-HRNet-s-mod2', pretrained: false, reports: false, recipe: 'otx' as const },
  ...{ trainData: join(folder, 'data', 'train'), validationData: join(folder, 'data', 'val') },
  ...{ batchSize: 2, workers: 0, inputSize: '32x32', earlyStopping: false, epochs: 3, validationInterval: 3 },
  ...{ output: join(folder, output), precision: 'mixed' as const, threads: 1, ...own },
});

/** Tensors and what else decides how it goes on. */
async function outcomeOf(output: string) {
  const { tensors, info } = await loadCheckpoint(join(folder, output, 'models', 'last.safetensors'));
  const hash = createHash('sha256');
  for (const [key, { data }] of tensors)
    hash.update(key).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const { updates, lossScale, loss } = info.resume!.state;
  const types = new Set([...tensors.values()].map(({ dtype }) => dtype));
  return { hash: hash.digest('hex'), updates, lossScale, loss, types, config: info.resume!.config };
}

test('a run in mixed precision keeps float32 weights, and goes on bit by bit with its loss scale', async () => {
  const engine = 'stock' as const;
  await train({ ...optionsFor('whole'), engine });
  const whole = await outcomeOf('whole');
  expect(whole.types).toEqual(new Set(['F32', 'I64']));
  expect(whole.config.precision).toBe('mixed');
  // Of six steps the first ones were beyond float16.
  expect([1, 2, 3, 4, 5]).toContain(whole.updates);
  expect(whole.lossScale).toEqual({ value: 2 ** (16 - (6 - whole.updates)), goodSteps: whole.updates });

  const stop = new AbortController();
  let steps = 0;
  const stopped = train({
    ...{ ...optionsFor('parts'), engine, signal: stop.signal },
    onEvent: ({ type }) => {
      if (type === 'step' && ++steps === 3) stop.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
  await train({ resumeFrom: join(folder, 'parts'), reports: false, ...own });
  const { config: _, ...rest } = await outcomeOf('parts');
  expect(whole).toMatchObject(rest);
});

test('on the processor it is refused, unless the engine for it is named', async () => {
  await expect(train(optionsFor('refused'))).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(
      /^precision is mixed, which is for graphics processors: .* takes longer than float32\. Give device too,.* give engine stock$/,
    ),
  });
});
