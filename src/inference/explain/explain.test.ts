/** @file Explanations of models of every form: the files that come to be, and that forms agree. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExportOptions } from '../../export/export-model.js';
import { exportModel } from '../../export/export-model.js';
import { livelyCheckpoint, type Scenes, scenesIn } from '../../export/formats/lively.cases.js';
import { createSegmenter } from '../segmenter.js';
import { type ExplainOptions, type ExplainResult, explain } from './explain.js';

const SIZE = { width: 96, height: 72 };

let folder: string;
let scenes: Scenes;
let weights: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-explain-'));
  scenes = await scenesIn(join(folder, 'data'), SIZE);
  weights = join(folder, 'weights.safetensors');
  await livelyCheckpoint(weights, 'SegNext-t', scenes, { inputSize: '64x64' });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

let runs = 0;
async function explained(options: Partial<ExplainOptions> = {}): Promise<ExplainResult & { output: string }> {
  runs += 1;
  const output = join(folder, `why-${runs}`);
  const result = await explain({ weights, input: scenes.images[0]!, output, threads: 1, ...options });
  return { ...result, output };
}

async function levelsOf(path: string): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(path).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(1);
  return { data, width: info.width, height: info.height };
}

const mapOf = ({ images }: ExplainResult, kind: string, className?: string) =>
  images[0]!.maps.find((map) => map.kind === kind && map.className === className)!;

test('the classes of an image have a probability, which is that of the segmenter, and an activation', async () => {
  const result = await explained();
  const [image] = result.images;
  const shown = result.classes.filter((_, k) => k > 0 && image!.shares[k]! > 0).map(({ name }) => name);
  expect(shown.length).toBeGreaterThan(1);
  const found = (kind: string) =>
    image!.maps.filter((map) => map.kind === kind).map(({ className }) => className);
  expect(found('probability').sort()).toEqual([...shown].sort());
  expect(found('class-activation').sort()).toEqual([...shown].sort());
  expect(found('entropy')).toEqual([undefined]);

  const segmenter = await createSegmenter({ weights, threads: 1 });
  const { probabilities } = await segmenter.segment(scenes.images[0]!, { probabilities: true });
  await segmenter.dispose();
  const name = shown[0]!;
  const index = result.classes.findIndex((info) => info.name === name);
  const { data, ...size } = await levelsOf(mapOf(result, 'probability', name).map);
  expect(size).toEqual(SIZE);
  const area = SIZE.width * SIZE.height;
  for (let i = 0; i < area; i += 97) {
    expect(Math.abs(data[i]! - 255 * probabilities![index * area + i]!)).toBeLessThanOrEqual(1);
  }
  const activation = await levelsOf(mapOf(result, 'class-activation', name).map);
  expect(Math.max(...activation.data)).toBeGreaterThan(240);
  expect(Math.min(...activation.data)).toBeLessThan(100);
  expect((await sharp(image!.sheet).metadata()).format).toBe('png');
}, 120_000);

test.each<[string, Partial<ExportOptions>]>([
  ['ONNX', {}],
  ['ONNX of pixels, blue first', { normalisation: 'inside', layout: 'nhwc', channels: 'bgr', opset: 13 }],
  ['OpenVINO', { type: 'openvino' }],
])(
  'an exported file says the same as its checkpoint: %s',
  async (_, options) => {
    runs += 1;
    const output = join(folder, `export-${runs}`);
    const { model } = await exportModel({ weights, output, dumpFeatures: true, ...options });
    const algorithms = 'ClassWiseSaliencyMap,ActivationMap,Entropy,Occlusion';
    const ofFile = await explained({ weights: model, algorithms });
    const ofCheckpoint = await explained({ algorithms });
    expect(ofFile.images[0]!.maps.length).toBeGreaterThan(6);
    for (const { kind, className, map } of ofCheckpoint.images[0]!.maps) {
      const expected = await levelsOf(map);
      const { data } = await levelsOf(mapOf(ofFile, kind, className).map);
      const most = data.reduce((most, level, i) => Math.max(most, Math.abs(level - expected.data[i]!)), 0);
      expect(most, `${kind} ${className}`).toBeLessThanOrEqual(2);
    }
  },
  240_000,
);

test('a file without features has no activations, and says how to come by them', async () => {
  const { model } = await exportModel({ weights, output: join(folder, 'plain') });
  const notices: string[] = [];
  const { images } = await explained({
    weights: model,
    onEvent: (event) => event.type === 'notice' && notices.push(event.message),
  });
  expect(notices.join()).toMatch(/model\.onnx: has no features.*--dump-features/);
  expect(new Set(images[0]!.maps.map(({ kind }) => kind))).toEqual(new Set(['entropy', 'probability']));
  await expect(explained({ weights: model, algorithms: 'ActivationMap' })).rejects.toThrow(/has no features/);
  const labels = await exportModel({ weights, output: join(folder, 'labels'), outputForm: 'labels' });
  await expect(explained({ weights: labels.model })).rejects.toThrow(/gives classes and no probabilities/);
}, 240_000);

test('a folder is gone through, a broken picture told, nothing of it touched; large ones have small maps', async () => {
  const input = join(folder, 'photos');
  await mkdir(join(input, 'more'), { recursive: true });
  await sharp(scenes.images[0]).resize(2048, 1000, { fit: 'fill' }).jpeg().toFile(join(input, 'large.jpg'));
  await sharp(scenes.images[1]).toFile(join(input, 'more', 'small.png'));
  await writeFile(join(input, 'broken.jpg'), 'no picture');
  const notices: string[] = [];
  const before = await readdir(input, { recursive: true });
  const result = await explained({
    input,
    allClasses: true,
    overlays: true,
    overlayWeight: 0,
    tile: '512x512',
    onEvent: (event) => event.type === 'notice' && notices.push(event.message),
  });
  expect(result.images.map(({ input }) => input)).toEqual([
    join(input, 'large.jpg'),
    join(input, 'more', 'small.png'),
  ]);
  expect(result.failed.map(({ input }) => input)).toEqual([join(input, 'broken.jpg')]);
  expect(await readdir(input, { recursive: true })).toEqual(before);
  expect(notices.join()).toMatch(/1 images were looked at in windows.*--tile off/);
  const [large, small] = result.images;
  const kinds = (image: typeof large) => new Set(image!.maps.map(({ kind }) => kind));
  expect(kinds(large)).toEqual(new Set(['entropy', 'probability']));
  expect(kinds(small)).toEqual(new Set(['entropy', 'probability', 'class-activation']));
  expect(small!.maps.filter(({ kind }) => kind === 'probability')).toHaveLength(result.classes.length);
  const { data, ...size } = await levelsOf(large!.maps[0]!.map);
  expect(size).toEqual({ width: 1024, height: 500 });
  expect(large!.entropy).toBeCloseTo(data.reduce((sum, level) => sum + level, 0) / data.length / 255, 2);
  // Of weight 0 an overlay is the picture.
  const overlay = await sharp(small!.maps[0]!.overlay).raw().toBuffer();
  expect(
    overlay.equals(
      await sharp(join(input, 'more', 'small.png'))
        .removeAlpha()
        .raw()
        .toBuffer(),
    ),
  ).toBe(true);
}, 240_000);

test('outputs keep out of the input, and of what is not theirs', async () => {
  await expect(explained({ output: join(folder, 'data', 'val', 'images', 'why') })).rejects.toMatchObject({
    code: 'output',
  });
  const output = join(folder, 'taken');
  await mkdir(join(output, 'sheets'), { recursive: true });
  const name = `${scenes.images[0]!.split(/[\\/]/)
    .at(-1)!
    .replace(/\.\w+$/, '')}.png`;
  await writeFile(join(output, 'sheets', name), 'mine');
  await expect(explained({ output })).rejects.toMatchObject({ code: 'output' });
  await expect(explained({ overlayWeight: 1.5 })).rejects.toThrow(
    /overlayWeight is 1\.5; expected a number from 0 to 1/,
  );
  await expect(explained({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
});
