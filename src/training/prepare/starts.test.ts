import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Outputs } from '../../base/outputs/outputs.js';
import { generateScenes } from '../../demo/generate.js';
import { load } from '../../inference/load.js';
import { createSegmentor, describe } from '../../models/index.js';
import type { VariableSpec } from '../../nn/index.js';
import { encodeCheckpoint, loadCheckpoint } from '../../runs/checkpoint.js';
import type { StartEvent, TrainEvent } from '../../runs/events.js';
import { readRunConfig } from '../../runs/run-config.js';
import type { StartRecord } from '../../runs/start.js';
import { initialState } from '../../runs/state-dict.js';
import { loadTemplate } from '../../templates/index.js';
import { answer, serve, TestServer } from '../../weights/file-server.cases.js';
import type { WeightTensor } from '../../weights/index.js';
import type { TrainOptions } from '../options/train-options.js';
import { train } from '../train.js';
import { backbone, embed, publishedFile } from './embedded.cases.js';

let folder: string;
let variables: readonly VariableSpec[];
const servers: TestServer[] = [];
beforeAll(async () => {
  vi.stubEnv('OTX_OFFLINE', '');
  folder = await mkdtemp(join(tmpdir(), 'otx-pretrained-'));
  await generateScenes(join(folder, 'data'), { train: 2, val: 1, width: 32, height: 32 });
  ({ variables } = describe(createSegmentor('lite-hrnet-s', { numClasses: 5 }), [1, 3, 32, 32]));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function publish(tensors: ReadonlyMap<string, WeightTensor>): Promise<string> {
  const server = await TestServer.start(serve(publishedFile(tensors)));
  servers.push(server);
  return server.url;
}

const options = (name: string, baseUrl: string, onEvent?: (event: TrainEvent) => void) => ({
  template: 'Lite-HRNet-s-mod2',
  trainData: join(folder, 'data', 'train'),
  validationData: join(folder, 'data', 'val'),
  output: join(folder, name),
  pretrained: true,
  pretrainedSource: {
    baseUrl,
    cacheDir: join(folder, `${name}-cache`),
    embeddedDir: join(folder, 'embedded'),
  },
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
  expect(notices.filter((message) => /start|load/.test(message))).toEqual([
    expect.stringMatching(
      /^starts from the published ImageNet backbone litehrnetsv2_imagenet1k_rsc\.pth, downloaded \(3\.\d MB, SHA-256 \w{12}…\)$/,
    ),
  ]);
  expect(await readRunConfig(join(run.output, 'config.yaml'))).toMatchObject({ pretrained: 'imagenet' });

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
  const template = { ...loadTemplate('Lite-HRNet-s-mod2'), pretrained: 'imagenet' as const };
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
  expect(await noticesOf('by-template', { template, pretrained: undefined })).toMatch(
    /^starts from the publ/m,
  );
  const explicit = await noticesOf('explicit', { template, pretrained: false });
  expect(explicit).not.toMatch(/starts from|weights start/);
  const none = { ...template, pretrained: 'none' as const };
  expect(await noticesOf('unasked', { template: none, pretrained: undefined })).toMatch(
    /all weights start from random numbers, as the template says; --pretrained auto starts from/,
  );
});

test('offline, a template with pretrained weights says where to put the file, and what --no-pretrained means', {
  timeout: 60_000,
}, async () => {
  const template = { ...loadTemplate('Lite-HRNet-s-mod2'), pretrained: 'imagenet' as const };
  vi.stubEnv('OTX_OFFLINE', '1');
  const offline = { ...options('offline', 'http://127.0.0.1:9'), template, pretrained: undefined };
  const message = await train(offline).catch((error: Error) => error.message);
  vi.stubEnv('OTX_OFFLINE', '');
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

/** What a training begins with, as its first event, its files and its checkpoint say. */
async function begin(name: string, baseUrl: string, more: Partial<TrainOptions> = {}) {
  const abort = new AbortController();
  let start: StartEvent | undefined;
  const run = options(name, baseUrl, (event) => {
    if (event.type !== 'start') return;
    start = event;
    abort.abort();
  });
  const training = train({ ...run, pretrained: undefined, ...more, signal: abort.signal } as TrainOptions);
  await expect(training).rejects.toThrow(/stopped after 0 steps/);
  const last = join(run.output, 'models', 'last.safetensors');
  return { run, start: start!, last, checkpoint: await loadCheckpoint(last) };
}

test('by default the first that is to be had is taken, and everything says which: event, files, checkpoint', async () => {
  const { bytes, sha256, file } = await embed(join(folder, 'embedded'), backbone(7));
  const server = await TestServer.start(answer(404));
  servers.push(server);
  const { run, start, checkpoint } = await begin('auto', server.url);
  const record = { kind: 'embedded', file: basename(file), bytes, sha256 };
  expect(server.requests).toHaveLength(1);
  expect(start.startedFrom).toEqual(record);
  expect(start.config.pretrained).toBe('embedded');
  expect(checkpoint.info.start).toEqual(record);
  expect((await load(run.output)).startedFrom).toEqual(record);
  expect(await readRunConfig(join(run.output, 'config.yaml'))).toMatchObject({ pretrained: 'embedded' });
  const key = 'stem.conv1.conv.weight';
  const values = checkpoint.tensors.get(`backbone.${key}`)!.data as Float32Array;
  const wanted = backbone(7).get(key)!.data as Float32Array;
  expect(Math.max(...values.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-3);

  // It goes on without asking again, by whatever word for what it has.
  await expect(train({ resumeFrom: run.output, pretrained: 'none' })).rejects.toThrow(
    /cannot go on with pretrained none, the run began with embedded/,
  );
  await train({ resumeFrom: run.output, pretrained: 'auto' });
  expect((await load(run.output)).startedFrom).toEqual(record);
  expect(server.requests).toHaveLength(1);
});

test.each<[Partial<TrainOptions>, StartRecord['kind'], object]>([
  [{ pretrained: 'auto' }, 'embedded', { optimizer: 'adam' }],
  [{ pretrained: 'auto', recipe: 'otx' }, 'embedded', { optimizer: 'sgd' }],
  [{ pretrained: 'auto', template: 'Lite-HRNet-18' }, 'none', { optimizer: 'adam' }],
])('self-supervised training with %j has the recipe of its start', async (given, kind, recipe) => {
  await embed(join(folder, 'embedded'), backbone(7));
  const server = await TestServer.start(answer(404));
  servers.push(server);
  const name = `self-${given.recipe ?? ''}-${given.template ?? ''}`;
  const trainData = join(folder, 'data', 'train', 'images');
  const { start } = await begin(name, server.url, { trainData, validationData: undefined, ...given });
  expect(start.startedFrom?.kind).toBe(kind);
  expect(start.config.pretrained).toBe(kind);
  expect(start.config.hyper_parameters.algo_backend?.train_type).toBe('Selfsupervised');
  expect(start.config.hyper_parameters.learning_parameters).toMatchObject(recipe);
});

test('semi-supervised and contrastive training start from it as well', async () => {
  await embed(join(folder, 'embedded'), backbone(7));
  const pretrained = 'embedded';
  const unlabeledData = join(folder, 'data', 'train', 'images');
  const trainData = join(folder, 'data', 'train');
  for (const [name, more] of Object.entries({ semi: { unlabeledData }, supcon: { contrastive: true } })) {
    const { checkpoint } = await begin(name, 'http://127.0.0.1:9', { pretrained, trainData, ...more });
    const values = checkpoint.tensors.get('backbone.stem.conv1.conv.weight')!.data as Float32Array;
    const wanted = backbone(7).get('stem.conv1.conv.weight')!.data as Float32Array;
    expect(Math.max(...values.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-3);
  }
});

test('weights that are given win over auto, and are recorded', async () => {
  await embed(join(folder, 'embedded'), backbone(7));
  const first = await begin('first', 'http://127.0.0.1:9', { pretrained: 'none' });
  const more = { pretrained: 'auto', loadWeights: first.last } as const;
  const { start } = await begin('second', 'http://127.0.0.1:9', more);
  expect(start.startedFrom).toMatchObject({ kind: 'weights', file: 'last.safetensors' });
  expect(start.startedFrom?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(start.config.pretrained).toBe('none');
});

test('a run of an earlier version, whose switch was off, goes on', async () => {
  const { run, last, checkpoint } = await begin('earlier', 'http://127.0.0.1:9', { pretrained: false });
  const { start: _, ...info } = checkpoint.info;
  const config = { ...info.resume!.config, pretrained: false };
  const outputs = await Outputs.open({ root: run.output });
  const resume = { ...info.resume!, config };
  await outputs.write(last, encodeCheckpoint({ ...checkpoint, info: { ...info, resume } }));
  await outputs.close();
  await expect(train({ resumeFrom: run.output, pretrained: true })).rejects.toThrow(
    /the run began with none/,
  );
  await train({ resumeFrom: run.output, pretrained: false });
  expect((await load(run.output)).startedFrom).toBeUndefined();
});
