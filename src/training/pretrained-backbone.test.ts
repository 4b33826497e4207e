import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../data/synthetic/generate.js';
import { createSegmentor, describe } from '../models/index.js';
import type { VariableSpec } from '../nn/index.js';
import { serve, TestServer } from '../weights/file-server.cases.js';
import { encodeTorchFile, type WeightTensor } from '../weights/index.js';
import { loadCheckpoint } from './checkpoint.js';
import type { TrainEvent } from './events.js';
import { readRunConfig } from './run-config.js';
import { initialState } from './state-dict.js';
import { train } from './train.js';

let folder: string;
let variables: readonly VariableSpec[];
const servers: TestServer[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-pretrained-'));
  await generateScenes(join(folder, 'data'), { train: 2, val: 1, width: 32, height: 32 });
  ({ variables } = describe(createSegmentor('lite-hrnet-s', { numClasses: 5 }), [1, 3, 32, 32]));
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A published file: a backbone alone, its names without prefix, as that of ImageNet. */
async function publish(tensors: ReadonlyMap<string, WeightTensor>): Promise<string> {
  const server = await TestServer.start(serve(Buffer.concat(encodeTorchFile(tensors))));
  servers.push(server);
  return server.url;
}

function backbone(seed: number): Map<string, WeightTensor> {
  const state = initialState(variables, seed);
  return new Map(
    variables
      .filter(({ key }) => key.startsWith('backbone.') && !key.endsWith('num_batches_tracked'))
      .map(({ key, shape }) => [key.slice('backbone.'.length), { shape, data: state.get(key)! }]),
  );
}

const options = (name: string, baseUrl: string, onEvent?: (event: TrainEvent) => void) => ({
  template: 'Lite-HRNet-s-mod2',
  trainData: join(folder, 'data', 'train'),
  validationData: join(folder, 'data', 'val'),
  output: join(folder, name),
  pretrained: true,
  pretrainedSource: { baseUrl, cacheDir: join(folder, `${name}-cache`) },
  threads: 1,
  hyperParameters: {
    learning_parameters: { input_size: '64x64', batch_size: 2, num_iters: 1, num_workers: 0 },
  },
  ...(onEvent ? { onEvent } : {}),
});

test('training starts from the downloaded backbone and says so', { timeout: 60_000 }, async () => {
  const events: TrainEvent[] = [];
  const given = backbone(99);
  const abort = new AbortController();
  const onEvent = (event: TrainEvent) => {
    events.push(event);
    if (event.type === 'start') abort.abort();
  };
  const run = options('run', await publish(given), onEvent);
  await expect(train({ ...run, signal: abort.signal })).rejects.toThrow(/stopped after 1 steps/);

  const downloads = events.filter((event) => event.type === 'download');
  expect(downloads.at(-1)).toMatchObject({ file: 'litehrnetsv2_imagenet1k_rsc.pth' });
  expect(downloads.at(-1)!.received).toBe(downloads.at(-1)!.total);
  const notices = events.filter((event) => event.type === 'notice').map(({ message }) => message);
  expect(notices).toContainEqual(
    expect.stringMatching(new RegExp(`^loaded ${given.size} of \\d+ tensors from`)),
  );
  expect(await readRunConfig(join(run.output, 'config.yaml'))).toMatchObject({ pretrained: true });

  // One step of a warm-up moves no weight far from where it started.
  const { tensors } = await loadCheckpoint(join(run.output, 'models', 'last.safetensors'));
  const fresh = initialState(variables, 42);
  const key = 'stem.conv1.conv.weight';
  const distance = (a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>) =>
    Math.max(...Array.from(a, (value, i) => Math.abs(Number(value) - Number(b[i]))));
  const now = tensors.get(`backbone.${key}`)!.data;
  expect(distance(now, given.get(key)!.data)).toBeLessThan(1e-3);
  expect(distance(now, fresh.get(`backbone.${key}`)!)).toBeGreaterThan(1e-2);
});

test('a file of another model, or none, is an error before there is a run folder', async () => {
  const half = new Map([...backbone(1)].slice(0, 100));
  const wrong = options('wrong', await publish(half));
  await expect(train(wrong)).rejects.toThrow(/only 100 of \d+ tensors of the backbone fit/);
  await expect(stat(wrong.output)).rejects.toThrow(/ENOENT/);
  const both = { ...options('both', 'http://127.0.0.1:9'), loadWeights: 'weights.pth' };
  await expect(train(both)).rejects.toThrow(/pretrained weights and those of weights\.pth/);
});
