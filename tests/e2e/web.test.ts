/** @file `otx/web` on a runtime of the same interface: the classes are those of `otx predict`, and files of others are refused. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as onnxruntime from 'onnxruntime-node';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { encodePng } from '../../src/drawing/overlay.js';
import { enliven } from '../../src/export/formats/lively.cases.js';
import { input, relu } from '../../src/graph/index.js';
import { serializeModel } from '../../src/graph/onnx/serialize-model.js';
import { createSegmenter as createInNode, exportModel } from '../../src/index.js';
import type { Browser } from '../../src/web/browser.js';
import type { WebRuntime } from '../../src/web/runtime.js';
import { createSegmenterIn } from '../../src/web/segmenter.js';
import { createSegmenter } from '../../src/web-api.js';

const CLASSES = ['background', 'car', 'tree'].map((name, k) => ({
  name,
  color: [90 * k, 0, 50] as [number, number, number],
}));
const { InferenceSession, Tensor } = onnxruntime as unknown as WebRuntime;
const onCpu = (model: Uint8Array) => InferenceSession.create(model, { executionProviders: ['cpu'] });
/** That of Node has the same interface, and computes what `otx` computes. */
const runtime: WebRuntime = { env: { wasm: {} }, Tensor, InferenceSession: { create: onCpu } };

let folder: string;
let model: string;
let bytes: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-web-'));
  const weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: '64x64', confidenceThreshold: 0.36, tile: '96x80' };
  await writeFile(
    weights,
    untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes: CLASSES, seed: 1, settings }),
  );
  const photo = join(folder, 'photo.png');
  await writeFile(photo, await encodePng(photoOf(90, 70)));
  await enliven(weights, photo);
  const inputSize = { width: 96, height: 64 };
  ({ model } = await exportModel({ weights, output: join(folder, 'export'), inputSize }));
  bytes = await readFile(model);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Blurred noise. */
function photoOf(width: number, height: number) {
  const random = new Random('photo');
  const waves = Array.from({ length: 12 }, () => [random.normal(), random.normal(), random.normal()]);
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const [a, b, c] = waves[(i % 3) * 4]!;
    return 128 + 90 * Math.sin((a! * x) / 9 + (b! * y) / 9 + c!) + 20 * random.normal();
  });
  return { data, width, height, channels: 3 as const };
}

test.each([
  ['as a whole', photoOf(90, 70), 1],
  ['in windows', photoOf(200, 130), 6],
])('a picture that is looked at %s has the classes that otx gives it', async (_, picture, windows) => {
  const [here, there] = [
    await createInNode({ weights: model, threads: 1 }),
    await createSegmenter(bytes, { runtime }),
  ];
  expect(there).toMatchObject({
    classes: CLASSES,
    threshold: 0.36,
    device: 'wasm',
    inputSize: here.inputSize,
  });
  const [wanted, found] = [
    await here.segment(picture, { probabilities: true }),
    await there.segment(picture, { probabilities: true }),
  ];
  expect(found.windows).toBe(windows);
  expect(new Set(wanted.labels).size).toBeGreaterThan(1);
  expect(Buffer.compare(found.labels, wanted.labels)).toBe(0);
  expect(found.classes).toEqual(wanted.classes);
  const rgba = new Uint8ClampedArray(4 * picture.width * picture.height).fill(7);
  for (let i = 0; i < rgba.length; i++) if (i % 4 < 3) rgba[i] = picture.data[3 * (i >> 2) + (i % 4)]!;
  const again = await there.segment({ data: rgba, width: picture.width, height: picture.height });
  expect(Buffer.compare(again.labels, wanted.labels)).toBe(0);
  await Promise.all([here.dispose(), there.dispose(), there.dispose()]);
  expect(() => there.segment(picture)).toThrow('the segmenter was disposed');
});

describe('a file that', () => {
  const open = (file: Uint8Array) => createSegmenter(file, { runtime });

  test('otx export has not written is refused', async () => {
    const x = input('input', 'float32', [1, 3, 8, 8]);
    const foreign = serializeModel({ inputs: [x], outputs: { output: relu(x) } });
    await expect(open(foreign)).rejects.toThrow(/^the model: does not name its classes .* export it again$/);
    await expect(open(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'checkpoint' });
    const metadata = { otx: '{"version":2}' };
    const newer = serializeModel({ inputs: [x], outputs: { output: relu(x) }, metadata });
    await expect(open(newer)).rejects.toThrow('its metadata "otx" cannot be used');
  });

  test('says another size than it has is refused', async () => {
    const text = Buffer.from(bytes).toString('latin1');
    const other = Buffer.from(text.replace('"width":96,"height":64', '"width":64,"height":96'), 'latin1');
    await expect(open(other)).rejects.toThrow('has an input of 96x64, its metadata "otx" has 64x96');
  });

  test('is not there is named', async () => {
    await expect(createSegmenter('data:nothing', { runtime })).rejects.toMatchObject({ code: 'checkpoint' });
    await expect(createSegmenter(3 as never, { runtime })).rejects.toMatchObject({ code: 'usage' });
  });
});

test('what is no picture, and options that mean nothing, are told', async () => {
  const segmenter = await createSegmenter(bytes, { runtime });
  await expect(segmenter.segment({})).rejects.toMatchObject({ code: 'usage' });
  await expect(segmenter.segment({ data: new Uint8Array(3), width: 1, height: 1 })).rejects.toThrow(
    'an image of 1x1 with 4 channels has 3 bytes, expected 4',
  );
  await expect(segmenter.segment(Uint8Array.of(1))).rejects.toThrow('this browser has no createImageBitmap');
  await segmenter.dispose();
  await expect(createSegmenter(bytes, { runtime, device: 'cuda' as never })).rejects.toThrow(
    'device is cuda',
  );
  await expect(createSegmenter(bytes, { runtime, threads: 0 })).rejects.toThrow('threads is 0');
});

describe('the graphics card', () => {
  const browserWith = (isFallbackAdapter: boolean): Browser => ({
    navigator: {
      hardwareConcurrency: 8,
      gpu: { requestAdapter: async () => ({ info: { isFallbackAdapter } }) },
    },
    crossOriginIsolated: true,
  });
  /** On which the card fails as it does in reality: when the network runs. */
  const failing = (env: WebRuntime['env']): WebRuntime => ({
    ...{ env, Tensor },
    InferenceSession: {
      create: async (model, options) => {
        const isCard = JSON.stringify(options).includes('webgpu');
        const session = await onCpu(model);
        const run: typeof session.run = (feeds) =>
          isCard ? Promise.reject(new Error('too many buffers')) : session.run(feeds);
        return { run, release: () => session.release() };
      },
    },
  });

  test('is used where there is one, and where it can compute the network', async () => {
    const deviceOf = async (browser: Browser, of: WebRuntime, device?: 'wasm' | 'webgpu') => {
      const segmenter = await createSegmenterIn(browser, bytes, { runtime: of, device });
      await segmenter.dispose();
      return segmenter.device;
    };
    expect(await deviceOf(browserWith(false), runtime)).toBe('webgpu');
    expect(await deviceOf(browserWith(false), runtime, 'wasm')).toBe('wasm');
    expect(await deviceOf(browserWith(true), runtime)).toBe('wasm');
    expect(await deviceOf({}, runtime)).toBe('wasm');
    const env: { wasm: { numThreads?: number } } = { wasm: {} };
    expect(await deviceOf(browserWith(false), failing(env))).toBe('wasm');
    expect(env.wasm.numThreads).toBe(4);
    await expect(deviceOf(browserWith(false), failing(env), 'webgpu')).rejects.toThrow('too many buffers');
  });
});

test.each([
  ['web-api.ts', ['class-map', 'resize', 'normalize'], 450_000],
  ['web-training/worker.ts', ['adam', 'gradients', 'lite-hrnet', 'augmentation'], 420_000],
])('nothing of Node is in what browsers load: %s', async (name, shared, most) => {
  const entry = fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
  const warnings: string[] = [];
  const build = await rolldown({
    ...{ input: entry, platform: 'browser', external: /^onnxruntime-web(\/|$)/ },
    onLog: (_, { message }) => warnings.push(message),
  });
  const { output } = await build.generate({ format: 'esm', codeSplitting: false, minify: true });
  expect(warnings).toEqual([]);
  expect(output).toHaveLength(1);
  const { imports, dynamicImports, code, moduleIds } = output[0];
  expect(imports).toEqual([]);
  expect([...dynamicImports].sort()).toEqual(['onnxruntime-web/wasm', 'onnxruntime-web/webgpu']);
  expect(/["`']node:[a-z]|\b(process\.versions|Buffer\.|require\()/.exec(code)?.[0]).toBeUndefined();
  expect(shared.filter((part) => !moduleIds.some((id) => id.endsWith(`/${part}.ts`)))).toEqual([]);
  expect(code.length).toBeLessThan(most);
});
