/** @file Training in a browser against training in Node: the same batches, the same curve, and files that Node goes on with. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';
import type { Browser, Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { parseMeta } from '../../src/data/datasets/meta.js';
import { createTrainLoader, openDataset } from '../../src/data/index.js';
import { readMask } from '../../src/data/masks/read-mask.js';
import { createEngine } from '../../src/engine/engine.js';
import { evaluate, loadTemplate, type TrainEvent, train } from '../../src/index.js';
import { lossOf } from '../../src/losses/index.js';
import { supervisedGraphs } from '../../src/methods/supervised-steps.js';
import { createSegmentor } from '../../src/models/index.js';
import { initialState } from '../../src/runs/state-dict.js';
import { inputSizes } from '../../src/settings/derived.js';
import { learningRates } from '../../src/training/learning-rates.js';
import { initialRunState } from '../../src/training/prepare/initial-run-state.js';
import { createTrainingSession } from '../../src/training/session.js';
import { decodeMask } from '../../src/web-training/mask.js';
import { chooseSettings, type WebTrainingSettings } from '../../src/web-training/settings.js';
import { WEB_TEMPLATES } from '../../src/web-training/templates.js';
import { version } from '../../src/web-training/version.js';
import { decodeSafetensors, type SafeTensor } from '../../src/weights/safetensors.js';
import { learn } from '../devices/learn.js';
import { distance, smallProblem } from '../devices/problems.js';
import type { LearnedInTab } from './card.page.js';
import { CHROMIUM, launchChromium, SOFTWARE_WEBGPU, serve } from './chromium.js';

const SIDE = 128;
/**
 * The first steps of Adam go by the signs of gradients, however small they are: at a learning rate of 1e-3 rounding grows from 1e-7 to
 * 1e-2 in ten steps, between two trainings in Node as well.
 */
const SETTINGS = { epochs: 10, batchSize: 2, inputSize: SIDE, seed: 7, learningRate: 5e-7 };
const IMAGES = { train: 20, val: 4 };
/** Enough to see that a network, a loss and an optimiser do in a tab what they do in Node. */
const FEW = { 'few/train': 4, 'few/val': 1 };
/** A step of a graphics card that a processor stands in for takes seconds. */
const CARD = { 'card/train': 8, 'card/val': 1 };
const ONE_STEP = { epochs: 1, batchSize: 8, inputSize: 32, seed: 7, learningRate: 5e-7 };
const SHORT = { epochs: 1, batchSize: 2, inputSize: 64, seed: 7, learningRate: 5e-7 };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let browser: Browser | undefined;
let server: Awaited<ReturnType<typeof serve>> | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-web-training-'));
  for (const [subset, count] of Object.entries({ ...IMAGES, ...FEW, ...CARD })) await writeSet(subset, count);
  await writeFile(join(folder, 'page.html'), PAGE);
  if (!CHROMIUM) return;
  server = await serve({
    otx: join(ROOT, 'dist'),
    ort: join(ROOT, 'node_modules/onnxruntime-web/dist'),
    data: folder,
  });
  browser = await launchChromium(SOFTWARE_WEBGPU);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** JPEG files as cameras and programs write them; browsers decode them to the pixels of Node, or the losses would differ. */
const JPEG_FORMS: readonly ((picture: Sharp) => Sharp)[] = [
  (picture) => picture.jpeg({ quality: 60, chromaSubsampling: '4:2:0' }),
  (picture) => picture.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).withMetadata({ orientation: 6 }),
  (picture) => picture.jpeg({ progressive: true }),
  (picture) => picture.grayscale().jpeg(),
];

/** Bright discs on noise, with masks; a set called few has its pictures as JPEG. */
async function writeSet(subset: string, count: number): Promise<void> {
  const root = join(folder, subset);
  for (const part of ['images', 'masks']) await mkdir(join(root, part), { recursive: true });
  await writeFile(
    join(root, 'dataset_meta.json'),
    JSON.stringify({ label_map: { 0: 'background', 1: 'disc' } }),
  );
  for (let n = 0; n < count; n++) {
    const random = new Random(`${subset} ${n}`);
    const [x0, y0, r] = [20 + random.integer(88), 20 + random.integer(88), 12 + random.integer(20)];
    const isDisc = (i: number) => ((i % SIDE) - x0) ** 2 + (Math.floor(i / SIDE) - y0) ** 2 < r * r;
    const mask = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => Number(isDisc(i)));
    const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
      return 60 + random.integer(60) + (mask[Math.floor(i / 3)] ? 80 : 0);
    });
    const size = { width: SIDE, height: SIDE };
    const picture = sharp(data, { raw: { ...size, channels: 3 } });
    const isJpeg = subset.startsWith('few');
    const file = await (isJpeg ? JPEG_FORMS[n % JPEG_FORMS.length]!(picture) : picture.png()).toBuffer();
    await writeFile(join(root, 'images', `${n}.${isJpeg ? 'jpg' : 'png'}`), file);
    await writeFile(
      join(root, 'masks', `${n}.png`),
      await sharp(mask, { raw: { ...size, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toBuffer(),
    );
  }
}

interface Trained {
  readonly losses: readonly number[];
  readonly milliseconds: readonly number[];
  readonly dice: readonly number[];
  readonly metrics: { readonly mDice: number };
  /** By their names, in base 64. */
  readonly files: Readonly<Record<string, string>>;
  /** Memory of the page with its workers. */
  readonly bytes: number | undefined;
  readonly threads: number;
  readonly seconds: number;
  /** As the event says where it goes on. */
  readonly resumed: { readonly epoch: number; readonly step: number } | undefined;
  /** The checkpoint of its first epoch, in base 64. */
  readonly first: string;
  readonly notices: readonly string[];
}

/** As a page of a user has it. */
const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
import { openFolder, trainInWorker } from '/otx/web-api.js';

const fetched = async (path) => ({ path, file: await (await fetch('/data/' + path)).blob() });

globalThis.openSet = async (images) => {
  const paths = Object.entries(images).flatMap(([subset, count]) => [
    subset + '/dataset_meta.json',
    ...['images', 'masks'].flatMap((part) => {
      const extension = part === 'images' && subset.startsWith('few') ? '.jpg' : '.png';
      return Array.from({ length: count }, (_, n) => subset + '/' + part + '/' + n + extension);
    }),
  ]);
  return openFolder(await Promise.all(paths.map(fetched)));
};

const asText = (bytes) => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
};

globalThis.trainHere = async (images, { measured, resume, ...settings }) => {
  const data = await openSet(images);
  const [losses, milliseconds, dice, notices] = [[], [], [], []];
  let [threads, resumed, first] = [0];
  const bytesAt = async (path) => new Uint8Array(await (await fetch('/data/' + path)).arrayBuffer());
  const resumeFrom = resume && { name: resume, last: await bytesAt(resume) };
  const start = performance.now();
  const worker = new Worker('/otx/web-training/worker.js', { type: 'module' });
  const result = await trainInWorker(worker, {
    ...{ data, runtimeFiles: location.origin + '/ort/' },
    runtimeModule: location.origin + '/ort/ort.' + (settings.device === 'webgpu' ? 'webgpu' : 'wasm') + '.bundle.min.mjs',
    ...{ ...settings, resumeFrom },
    onEvent: (event) => {
      if (event.type === 'start') ({ threads, resumed } = event);
      if (event.type === 'notice') notices.push(event.message);
      if (event.type === 'epoch') {
        dice.push(event.metrics.mDice);
        first ??= asText(event.last);
      }
      if (event.type !== 'step') return;
      losses.push(event.loss);
      milliseconds.push(event.milliseconds);
    },
  });
  const { bytes } = measured ? await performance.measureUserAgentSpecificMemory() : {};
  const files = {
    'last.safetensors': asText(result.last),
    'weights.safetensors': asText(result.weights),
    'model.onnx': asText(result.model),
  };
  const { metrics, bestEpoch, finished } = result;
  const seconds = (performance.now() - start) / 1000;
  const said = { losses, milliseconds, dice, threads, resumed, first, notices };
  return { ...said, files, bytes, metrics, bestEpoch, finished, seconds };
};
globalThis.isReady = true;
</script>`;

async function openPage(): Promise<Page> {
  const page = await browser!.newPage();
  await page.goto(`${server!.address}/data/page.html`);
  await page.waitForFunction('globalThis.isReady');
  return page;
}

/** Trains in a page, whatever is asked for. */
const trainInPage = (page: Page, settings: object, images: object = IMAGES): Promise<Trained> =>
  page.evaluate(`trainHere(${JSON.stringify(images)}, ${JSON.stringify(settings)})`) as Promise<Trained>;

interface InNode {
  readonly losses: number[];
  readonly milliseconds: number[];
  /** With all that the method remembers. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

/** The losses of the same training by Node's own loader and engine, with documented operators alone. */
async function trainInNode(
  threads: number,
  wanted: WebTrainingSettings = SETTINGS,
  images = 'train',
): Promise<InNode> {
  const trainSet = await openDataset(join(folder, images));
  const { template, hyperParameters, seed } = chooseSettings(wanted, trainSet.samples.length);
  const settings = hyperParameters.learning_parameters;
  const model = createSegmentor(template.model, { numClasses: trainSet.classes.length });
  const sizes = inputSizes(hyperParameters);
  const { optimizer } = settings;
  const { variables, graphs } = supervisedGraphs({ model, sizes, optimizer, loss: lossOf(settings.loss) });
  const session = await createTrainingSession({
    ...{ graphs: graphs(settings.batch_size), variables, seed, state: initialState(variables, seed) },
    openEngine: () => createEngine({ threads, lowering: 'plain' }),
  });
  const loader = createTrainLoader(trainSet, {
    ...{
      seed,
      workers: 1,
      batchSize: settings.batch_size,
      cropSize: sizes.train,
      augmentation: settings.augmentation,
    },
  });
  const state = initialRunState(settings.num_iters, settings.learning_rate_schedule);
  const rates = learningRates({ state, settings, stepsPerEpoch: loader.stepsPerEpoch, interval: 1 });
  const [losses, milliseconds]: [number[], number[]] = [[], []];
  try {
    for (let epoch = 0; epoch < state.epochs; epoch++) {
      for await (const batch of loader.epoch(epoch)) {
        const start = performance.now();
        const update = losses.length + 1;
        losses.push((await session.step([batch], rates.of(update), update)).loss);
        milliseconds.push(performance.now() - start);
      }
    }
    return { losses, milliseconds, tensors: await session.tensors({ trainingState: true }) };
  } finally {
    await Promise.all([loader.dispose(), session.dispose()]);
  }
}

/** The first of Adam's, by which names of tensors begin: after one step a tenth of the gradient. */
const MOMENTS = 'optimizer.exp_avg.';

/** Of all values whose names begin so, as of one vector. */
function lengthOf(tensors: ReadonlyMap<string, SafeTensor>, prefix: string): number {
  let squares = 0;
  for (const [name, { data }] of tensors)
    if (name.startsWith(prefix))
      data.forEach((value) => {
        squares += Number(value) ** 2;
      });
  return Math.sqrt(squares);
}

/** Between the values whose names begin alike, relative to their length. */
function distanceOf(
  ours: ReadonlyMap<string, SafeTensor>,
  theirs: ReadonlyMap<string, SafeTensor>,
  prefix: string,
): number {
  let [distance, length] = [0, 0];
  for (const [name, { data }] of theirs) {
    if (!name.startsWith(prefix)) continue;
    data.forEach((value, i) => {
      distance += (Number(value) - Number(ours.get(name)!.data[i])) ** 2;
      length += Number(value) ** 2;
    });
  }
  return Math.sqrt(distance / length);
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

describe.skipIf(!CHROMIUM)('100 steps in a tab', () => {
  let trained: Trained;
  beforeAll(async () => {
    const page = await openPage();
    trained = await trainInPage(page, { ...SETTINGS, measured: process.env.OTX_TIMES !== undefined });
    await page.close();
    const models = join(folder, 'run', 'models');
    await mkdir(models, { recursive: true });
    for (const [name, text] of Object.entries(trained.files)) {
      await writeFile(join(models, name), Buffer.from(text, 'base64'));
    }
  }, 240_000);

  test('have the losses of Node, to 1e-4', async () => {
    const node = await trainInNode(trained.threads);
    expect(trained.losses).toHaveLength(100);
    const most = Math.max(...trained.losses.map((loss, i) => Math.abs(loss - node.losses[i]!)));
    if (process.env.OTX_TIMES !== undefined) {
      const times = [trained.milliseconds, node.milliseconds].map(median);
      console.log(
        `${trained.threads} threads, ms a step: tab ${times[0]}, Node ${times[1]}; largest difference ${most}`,
      );
      console.log(
        `memory: page ${trained.bytes}, this process ${process.memoryUsage().rss}; seconds ${trained.seconds}`,
      );
    }
    const { tensors } = decodeSafetensors(Buffer.from(trained.files['last.safetensors']!, 'base64'), 'last');
    const moments = distanceOf(tensors, node.tensors, MOMENTS);
    if (process.env.OTX_TIMES !== undefined) console.log('distance of the moments', moments);
    expect(most).toBeLessThan(1e-4);
    // The mean of the last gradients; of unrelated ones the distance is above 1.
    expect(moments).toBeLessThan(0.1);
    // Batches differ far more: only equal batches give equal curves.
    expect(Math.max(...node.losses) - Math.min(...node.losses)).toBeGreaterThan(0.1);
  }, 240_000);

  test('leave weights and an ONNX file that score in Node as the tab said', async () => {
    const weights = join(folder, 'run', 'models', 'weights.safetensors');
    const testData = join(folder, 'val');
    const scored = await evaluate({ weights, testData });
    expect(scored.metrics.mDice).toBeCloseTo(trained.metrics.mDice, 3);
    const exported = await evaluate({ weights: join(folder, 'run', 'models', 'model.onnx'), testData });
    expect(exported.metrics.mDice).toBeCloseTo(scored.metrics.mDice, 3);
  }, 60_000);

  test('leave a checkpoint that Node goes on from', async () => {
    const events: TrainEvent[] = [];
    const data = { trainData: join(folder, 'train'), validationData: join(folder, 'val') };
    const going = { resumeFrom: join(folder, 'run'), reports: false as const, ...data };
    const epochs = SETTINGS.epochs + 1;
    const result = await train({ ...going, epochs, onEvent: (event) => events.push(event) });
    expect(events.flatMap((event) => (event.type === 'epoch' ? [event.epoch] : []))).toEqual([epochs]);
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumed: { epoch: 10, step: 0 } });
    expect(result.bestEpoch).toBeGreaterThan(0);
    const other = { ...going, trainData: data.validationData, epochs: epochs + 1 };
    await expect(train(other)).rejects.toThrow('is not the data that this run was trained with');
  }, 90_000);

  test('go on in a tab from where Node has left them', async () => {
    const page = await openPage();
    const resume = 'run/models/last.safetensors';
    const epochs = SETTINGS.epochs + 2;
    const going = await trainInPage(page, { resume, epochs });
    expect(going.resumed).toEqual({ epoch: SETTINGS.epochs + 1, step: 0 });
    expect(going.losses).toHaveLength(10);
    expect(going.notices).toContainEqual(expect.stringContaining(`to ${epochs} epochs`));
    // A batch of this set changes the loss by more.
    expect(Math.abs(Math.max(...going.losses) - Math.max(...trained.losses))).toBeLessThan(0.1);
    await expect(trainInPage(page, { resume, epochs: 3 })).rejects.toThrow(
      '11 epochs are done, of 3; give more',
    );
    await expect(trainInPage(page, { resume, epochs }, FEW)).rejects.toThrow('there were 20');
    await page.close();
  }, 90_000);
});

describe.skipIf(!CHROMIUM)('short trainings', () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page.close());

  test('one that goes on from a checkpoint has the bits of one that was never interrupted', async () => {
    const whole = await trainInPage(page, { ...SHORT, epochs: 2, learningRate: 1e-3 }, FEW);
    await writeFile(join(folder, 'first.safetensors'), Buffer.from(whole.first, 'base64'));
    const rest = await trainInPage(page, { resume: 'first.safetensors' }, FEW);
    expect(rest.resumed).toEqual({ epoch: 1, step: 0 });
    expect(rest.losses).toEqual(whole.losses.slice(2));
    const [ours, theirs] = [rest, whole].map(({ files }) =>
      decodeSafetensors(Buffer.from(files['last.safetensors']!, 'base64'), 'last'),
    );
    expect(ours!.tensors).toEqual(theirs!.tensors);
    expect(rest.metrics).toEqual(whole.metrics);
    expect(rest.files['weights.safetensors']).toEqual(whole.files['weights.safetensors']);
  });

  test.each([
    { template: 'Lite-HRNet-18-mod2', loss: 'focal' },
    { template: 'SegNext-t', loss: 'lovasz' },
  ] as const)('$template with $loss has the losses of Node', async (chosen) => {
    const settings = { ...SHORT, ...chosen };
    const tab = await trainInPage(page, settings, FEW);
    const node = await trainInNode(tab.threads, settings, 'few/train');
    expect(tab.losses).toHaveLength(2);
    for (const [step, loss] of tab.losses.entries()) expect(loss).toBeCloseTo(node.losses[step]!, 4);
    const { tensors } = decodeSafetensors(Buffer.from(tab.files['last.safetensors']!, 'base64'), 'last');
    expect(distanceOf(tensors, node.tensors, MOMENTS)).toBeLessThan(0.01);
    const weights = join(folder, 'other.safetensors');
    await writeFile(weights, Buffer.from(tab.files['weights.safetensors']!, 'base64'));
    const { metrics } = await evaluate({ weights, testData: join(folder, 'few', 'val') });
    expect(metrics.mDice).toBeCloseTo(tab.metrics.mDice, 3);
  });
});

describe.skipIf(!CHROMIUM)('on WebGPU', () => {
  let page: Page;
  let card: { readonly name: string } | undefined;
  beforeAll(async () => {
    const entry = fileURLToPath(new URL('./card.page.ts', import.meta.url));
    const build = await rolldown({ input: entry, platform: 'browser' });
    await build.write({ file: join(folder, 'card.js'), format: 'esm', codeSplitting: false });
    page = await openPage();
    await page.addScriptTag({ url: `${server!.address}/data/card.js`, type: 'module' });
    card = (await page.evaluate('cardOfTab()')) as typeof card;
  });
  afterAll(() => page?.close());

  test('a small network learns in a tab what it learns in Node, with every operator on the card', async ({
    skip,
  }) => {
    skip(!card, 'this browser has no adapter for WebGPU');
    const module = `${server!.address}/ort/ort.webgpu.bundle.min.mjs`;
    const tab = (await page.evaluate(`learnInTab('${module}', 10)`)) as LearnedInTab;
    const node = await learn(smallProblem(), { lowering: 'plain' }, 10);
    expect(tab.losses[9]).toBeLessThan(0.7 * tab.losses[0]!);
    for (const [step, loss] of tab.losses.entries())
      expect(Math.abs(loss - node.losses[step]!)).toBeLessThan(0.02 * node.losses[0]!);
    expect(distance(node.gradient, tab.gradient)).toBeLessThan(1e-3);
    expect(Object.keys(tab.states)).toEqual(Object.keys(node.states));
    for (const [name, values] of Object.entries(node.states))
      expect([name, distance(values, tab.states[name]!) < 0.1]).toEqual([name, true]);
    expect(tab.refusal).toMatch(/^webgpu lacks an operator of it/);
  });

  test('a step of Lite-HRNet-s has loss and gradient of Node, which goes on from its checkpoint', async ({
    skip,
  }) => {
    skip(!card, 'this browser has no adapter for WebGPU');
    skip(process.env.OTX_LONG === undefined, 'a software adapter takes minutes: set OTX_LONG=1');
    const tab = await trainInPage(page, { ...ONE_STEP, device: 'webgpu', threads: 1 }, CARD);
    const node = await trainInNode(2, ONE_STEP, 'card/train');
    expect(tab.losses).toHaveLength(1);
    expect(Math.abs(tab.losses[0]! / node.losses[0]! - 1)).toBeLessThan(1e-3);
    const models = join(folder, 'card', 'run', 'models');
    await mkdir(models, { recursive: true });
    const last = Buffer.from(tab.files['last.safetensors']!, 'base64');
    await writeFile(join(models, 'last.safetensors'), last);
    const { tensors, metadata } = decodeSafetensors(last, 'last');
    // Of the gradient; a value that is zero within rounding may pass a ReLU on one device and not on the other (docs/devices.md).
    expect(Math.abs(lengthOf(tensors, MOMENTS) / lengthOf(node.tensors, MOMENTS) - 1)).toBeLessThan(1e-3);
    expect(distanceOf(tensors, node.tensors, MOMENTS)).toBeLessThan(1e-2);
    expect(JSON.parse(metadata.otx!).resume).toMatchObject({ engine: 'webgpu', device: card!.name });
    const events: TrainEvent[] = [];
    const data = { trainData: join(folder, 'card/train'), validationData: join(folder, 'card/val') };
    const going = {
      resumeFrom: join(folder, 'card', 'run'),
      reports: false as const,
      device: 'cpu' as const,
    };
    await train({ ...going, ...data, epochs: 2, onEvent: (event) => events.push(event) });
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumed: { epoch: 1, step: 0 } });
    const said = `the run had the webgpu engine on ${card!.name}`;
    expect(events).toContainEqual(expect.objectContaining({ message: expect.stringContaining(said) }));
  }, 240_000);
});

test.skipIf(!CHROMIUM)(
  'a worker that falls silent is ended with an error, and wrong settings are told',
  async () => {
    const page = await openPage();
    await expect(trainInPage(page, { ...SETTINGS, patience: 0.01 })).rejects.toThrow(
      'has not answered for 0.01 seconds and was ended',
    );
    for (const [wrong, message] of [
      [{ inputSize: 100 }, 'inputSize is 100'],
      [{ template: 'SegNext-B' }, 'template is SegNext-B; a browser trains Lite-HRNet-s-mod2'],
      [{ loss: 'hinge' }, 'loss is hinge; expected '],
      [{ device: 'cuda' }, 'device is cuda; expected auto, wasm or webgpu'],
      [{ emaDecay: 0.99 }, 'a training in a browser has no setting emaDecay; expected template'],
    ] as const) {
      await expect(trainInPage(page, { ...SHORT, ...wrong }, FEW)).rejects.toThrow(message);
    }
    await page.close();
  },
  60_000,
);

test.each([
  [1, 1],
  [2, 3],
  [4, 11],
  [8, 200],
] as const)('masks of %i bits are read as in Node', async (depth, value) => {
  const names = { label_map: { 0: 'background', [value]: 'disc' } };
  const { coding } = parseMeta(JSON.stringify(names), 'meta');
  const [width, height] = [13, 3];
  const bytesPerRow = Math.ceil((width * depth) / 8);
  const data = new Uint8Array(bytesPerRow * height);
  for (let i = 0; i < width * height; i += 5) {
    const bit = (i % width) * depth;
    data[Math.floor(i / width) * bytesPerRow + (bit >> 3)]! |= value << (8 - depth - (bit & 7));
  }
  const file = encode({ width, height, data, depth, channels: 1 });
  const path = join(folder, `mask-${depth}.png`);
  await writeFile(path, file);
  const found = await decodeMask(new Blob([file as Uint8Array<ArrayBuffer>]), 'mask', coding);
  const wanted = await readMask(path, coding);
  expect([...found.data]).toEqual([...wanted.data]);
  expect(new Set(found.data)).toEqual(new Set([0, 1]));
});

test.each(Object.values(WEB_TEMPLATES))(
  'the template $name that browsers know is that of the package',
  (known) => {
    const { id, name, model, hyperParameters } = loadTemplate(known.name);
    expect(known).toEqual({ id, name, model, hyperParameters });
  },
);

test('the version that browsers know is that of the package', async () => {
  const { version: wanted } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect(version).toBe(wanted);
});
