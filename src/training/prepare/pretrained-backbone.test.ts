import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../demo/generate.js';
import { createSegmentor, describe } from '../../models/index.js';
import type { VariableSpec } from '../../nn/index.js';
import { loadCheckpoint } from '../../runs/checkpoint.js';
import type { TrainEvent } from '../../runs/events.js';
import { readRunConfig } from '../../runs/run-config.js';
import { initialState } from '../../runs/state-dict.js';
import { loadTemplate } from '../../templates/index.js';
import { serve, TestServer } from '../../weights/file-server.cases.js';
import { encodeTorchFile, type WeightTensor } from '../../weights/index.js';
import type { TrainOptions } from '../options/train-options.js';
import { train } from '../train.js';

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
  inputSize: '64x64',
  batchSize: 2,
  epochs: 1,
  workers: 0,
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
  await expect(train({ ...run, signal: abort.signal })).rejects.toThrow(/stopped after 0 steps/);

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

test('the template decides, unless a caller does; who did not choose random weights is told', async () => {
  const given = backbone(99);
  const baseUrl = await publish(given);
  const template = { ...loadTemplate('Lite-HRNet-s-mod2'), pretrained: true };
  const noticesOf = async (name: string, choice: Pick<TrainOptions, 'template' | 'pretrained'>) => {
    const abort = new AbortController();
    const notices: string[] = [];
    const onEvent = (event: TrainEvent) => {
      if (event.type === 'notice') notices.push(event.message);
      if (event.type === 'start') abort.abort();
    };
    const training = train({ ...options(name, baseUrl, onEvent), ...choice, signal: abort.signal });
    await expect(training).rejects.toThrow(/stopped after 0 steps/);
    return notices.join('\n');
  };
  expect(await noticesOf('by-template', { template, pretrained: undefined })).toMatch(/^loaded \d+ of/m);
  const explicit = await noticesOf('explicit', { template, pretrained: false });
  expect(explicit).not.toMatch(/loaded|random/);
  const unasked = await noticesOf('unasked', { template: 'Lite-HRNet-s-mod2', pretrained: undefined });
  expect(unasked).toMatch(/all weights start from random numbers; --pretrained starts from/);
});

test('offline, a template with pretrained weights says where to put the file, and what --no-pretrained means', {
  timeout: 60_000,
}, async () => {
  const template = { ...loadTemplate('Lite-HRNet-s-mod2'), pretrained: true };
  // Nobody listens on the port of a server that has stopped.
  const server = await TestServer.start(serve(Buffer.from('')));
  await server.stop();
  const offline = { ...options('offline', server.url), template, pretrained: undefined };
  const message = await train(offline).catch((error: Error) => error.message);
  expect(message).toContain(
    `put it at ${join(folder, 'offline-cache', 'pretrained', 'litehrnetsv2_imagenet1k_rsc.pth')}`,
  );
  expect(message).toMatch(/train from scratch with --no-pretrained \(all weights start from random numbers/);
  await expect(stat(offline.output)).rejects.toThrow(/ENOENT/);
});

test('a file of another model, or none, is an error before there is a run folder', async () => {
  const half = new Map([...backbone(1)].slice(0, 100));
  const wrong = options('wrong', await publish(half));
  await expect(train(wrong)).rejects.toThrow(/only 100 of \d+ tensors of the backbone fit/);
  await expect(stat(wrong.output)).rejects.toThrow(/ENOENT/);
  const both = { ...options('both', 'http://127.0.0.1:9'), loadWeights: 'weights.pth' };
  await expect(train(both)).rejects.toThrow(/pretrained and .*weights\.pth are both asked for/);
});
