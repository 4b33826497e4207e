/**
 * @file The arithmetic of docs/deploy.md, written out here without any of this project's own: from an exported file alone to the
 * masks of `otx predict`.
 */
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readIndexMask } from '../../src/drawing/index-mask.js';
import { livelyCheckpoint, scenesIn } from '../../src/export/formats/lively.cases.js';
import { ModelProtoSchema } from '../../src/graph/onnx/onnx_pb.js';
import { evaluate, exportModel, predict } from '../../src/index.js';

let folder: string;
let images: string;
let alone: string;
let checkpoint: string;

interface About {
  readonly version: number;
  readonly classes: readonly { readonly name: string; readonly color: readonly number[] }[];
  readonly input: { readonly width: number; readonly height: number };
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly background: number;
  readonly threshold: number | null;
}

const THRESHOLD = 0.35;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-deploy-'));
  const scenes = await scenesIn(join(folder, 'data'), { width: 90, height: 70 });
  images = dirname(scenes.images[0]!);
  const settings = { inputSize: '64x64', confidenceThreshold: THRESHOLD };
  checkpoint = join(folder, 'weights.safetensors');
  await livelyCheckpoint(checkpoint, 'Lite-HRNet-s-mod2', scenes, settings);
  const { model } = await exportModel({
    weights: checkpoint,
    output: join(folder, 'export'),
    inputSize: { width: 96, height: 64 },
  });
  alone = join(folder, 'alone', 'renamed.onnx');
  await mkdir(join(folder, 'alone'));
  await cp(model, alone);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function about(path: string): Promise<About> {
  const { metadataProps } = fromBinary(ModelProtoSchema, await readFile(path));
  return JSON.parse(metadataProps.find(({ key }) => key === 'otx')!.value) as About;
}

/** Bilinear, half-pixel centres, edges clamped; `at(y, x)` gives values of the source. */
function resized(
  at: (y: number, x: number) => number,
  from: { width: number; height: number },
  to: { width: number; height: number },
): Float64Array {
  const out = new Float64Array(to.width * to.height);
  const place = (index: number, n: number, m: number) => {
    const position = Math.min(Math.max(((index + 0.5) * n) / m - 0.5, 0), n - 1);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, n - 1), weight: position - low };
  };
  for (let y = 0; y < to.height; y++) {
    const v = place(y, from.height, to.height);
    for (let x = 0; x < to.width; x++) {
      const h = place(x, from.width, to.width);
      const row = (line: number) => at(line, h.low) * (1 - h.weight) + at(line, h.high) * h.weight;
      out[y * to.width + x] = row(v.low) * (1 - v.weight) + row(v.high) * v.weight;
    }
  }
  return out;
}

/** The lines of docs/deploy.md. */
async function maskOf(model: string, path: string): Promise<Uint8Array> {
  const session = await InferenceSession.create(model);
  const { input, mean, std, threshold, background } = await about(model);
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const area = input.width * input.height;
  const planes = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    resized((y, x) => data[3 * (y * info.width + x) + channel]!, info, input).forEach((value, i) => {
      planes[channel * area + i] = (Math.round(value) - mean[channel]!) / std[channel]!;
    });
  }
  const tensor = new Tensor('float32', planes, [1, 3, input.height, input.width]);
  const { output } = await session.run({ input: tensor });
  const probabilities = output!.data as Float32Array;
  const scores = Array.from({ length: output!.dims[1]! }, (_, k) =>
    resized(
      (y, x) => Math.log(Math.max(probabilities[k * area + y * input.width + x]!, 2 ** -126)),
      input,
      info,
    ),
  );
  await session.release();
  return Uint8Array.from({ length: info.width * info.height }, (_, pixel) => {
    const values = scores.map((plane) => plane[pixel]!);
    const best = Math.max(...values);
    const sure = 1 / values.reduce((sum, value) => sum + Math.exp(value - best), 0);
    return sure >= (threshold ?? 0) ? values.indexOf(best) : background;
  });
}

describe('an exported file alone', () => {
  test('says everything that its masks depend on', async () => {
    const entry = await about(alone);
    expect(entry).toMatchObject({
      version: 1,
      input: { width: 96, height: 64 },
      mean: [123.675, 116.28, 103.53],
      std: [58.395, 57.12, 57.375],
      background: 0,
      threshold: THRESHOLD,
    });
    expect(entry.classes[0]).toEqual({ name: 'background', color: [0, 0, 0] });
    const page = await readFile(fileURLToPath(new URL('../../docs/deploy.md', import.meta.url)), 'utf8');
    const [, code] = /```python\n(.*?)```/s.exec(page)!;
    const used = new Set([...code!.matchAll(/about\["(\w+)"\]/g)].map(([, key]) => key!));
    expect([...used].sort()).toEqual(['background', 'input', 'mean', 'std', 'threshold']);
    for (const key of Object.keys(entry)) expect(page).toContain(`\`${key}\``);
  });

  test('gives the masks of otx predict by the arithmetic of docs/deploy.md', async () => {
    const output = join(folder, 'predictions');
    const { images: predicted, classes } = await predict({
      weights: alone,
      input: images,
      output,
      threads: 1,
    });
    expect(classes).toEqual((await about(alone)).classes);
    const seen = new Set<number>();
    let different = 0;
    let total = 0;
    for (const { input, mask } of predicted) {
      const [found, wanted] = [await readIndexMask(mask), await maskOf(alone, input)];
      expect(found.length).toBe(90 * 70);
      found.forEach((label, pixel) => {
        seen.add(label);
        if (label !== wanted[pixel]) different += 1;
      });
      total += found.length;
    }
    expect(seen.size).toBeGreaterThan(2);
    expect(different / total).toBeLessThan(0.001);
  });

  test('has the threshold that eval and predict use, unless another is asked for', async () => {
    const scoreOf = async (weights: string, given: object = {}) => {
      const testData = join(folder, 'data', 'val');
      return (await evaluate({ weights, testData, threads: 1, ...given })).metrics.aAcc;
    };
    const own = await scoreOf(alone);
    expect(await scoreOf(alone, { confidenceThreshold: THRESHOLD })).toBe(own);
    expect(await scoreOf(alone, { resultBasedThreshold: true })).not.toBe(own);
  });
});
