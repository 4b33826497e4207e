/**
 * @file The cases that every format passes by being in the list: written, read back by this program, run, and compared with the trained
 * model that it was exported from.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset, readLabels } from '../../data/index.js';
import { evaluate } from '../../inference/evaluate.js';
import { createSegmenter } from '../../inference/segmenter.js';
import { ConfusionMatrix } from '../../runs/metrics.js';
import { listTemplates } from '../../templates/index.js';
import { exportModel } from '../export-model.js';
import { exportFormats, type Precision } from './index.js';
import { livelyCheckpoint, type Scenes, scenesIn } from './lively.cases.js';

const SIZE = { width: 96, height: 72 };
/**
 * Share of equal pixels, and difference of Dice. Float files are promised to be the trained model; what shorter weights keep of networks
 * that have learned nothing, with classes close to one another everywhere, is less than of trained ones.
 */
const PROMISED: Readonly<Record<Precision, { readonly equal: number; readonly dice: number }>> = {
  fp32: { equal: 0.9999, dice: 1e-4 },
  // Where it is measured what rounding does, two pixels; networks too large for that have the other promise.
  fp16: { equal: 0.9998, dice: 1e-4 },
  'int8-weights': { equal: 0.9, dice: 0.02 },
};
const LARGE_FP16 = { equal: 0.9985, dice: 3e-4 };
const TEMPLATES = listTemplates().map(({ name }) => name);

let folder: string;
let scenes: Scenes;
/** The masks of the images. */
let truth: readonly Uint8Array[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-formats-'));
  scenes = await scenesIn(join(folder, 'data'), SIZE);
  const { samples, decodeMask } = await openDataset(scenes.testData);
  const masks = samples.map(async (sample) => (await readLabels(sample, decodeMask)).data);
  truth = await Promise.all(masks);
  expect(samples.map(({ imagePath }) => imagePath)).toEqual(scenes.images);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Seen {
  readonly labels: readonly Uint8Array[];
  readonly mDice: number;
}

async function seenBy(weights: string): Promise<Seen> {
  const segmenter = await createSegmenter({ weights, threads: 1 });
  const labels: Uint8Array[] = [];
  for (const image of scenes.images) labels.push((await segmenter.segment(image)).labels);
  await segmenter.dispose();
  const matrix = new ConfusionMatrix(segmenter.classes.length);
  for (const [i, found] of labels.entries()) matrix.add(truth[i]!, found);
  return { labels, mDice: matrix.summary().mDice };
}

function equalShare(a: Seen, b: Seen): number {
  const pairs = a.labels.flatMap((labels, i) => [...labels].map((label, at) => label === b.labels[i]![at]));
  return pairs.filter(Boolean).length / pairs.length;
}

const written = exportFormats
  .filter(({ readable }) => readable)
  .flatMap((format) => format.precisions.map((precision) => ({ format, precision })));

describe.each(TEMPLATES)('%s', { timeout: 240_000 }, (template) => {
  let weights: string;
  let trained: Seen;
  beforeAll(async () => {
    weights = join(folder, `${template}.safetensors`);
    await livelyCheckpoint(weights, template, scenes, { inputSize: '64x64' });
    trained = await seenBy(weights);
    expect(new Set(trained.labels.flatMap((labels) => [...labels])).size).toBeGreaterThan(1);
  }, 240_000);

  test.each(written)('as $format.name with weights in $precision', async ({ format, precision }) => {
    const output = join(folder, template, format.name, precision);
    const type = format.name;
    const asked = precision === format.precisions[0] ? {} : { precision };
    const { model } = await exportModel({ weights, output, type, ...asked });
    const seen = await seenBy(model);
    const isLarge = template.startsWith('SegNext');
    const promised = isLarge && precision === 'fp16' ? LARGE_FP16 : PROMISED[precision];
    const found = { equal: equalShare(seen, trained), dice: Math.abs(seen.mDice - trained.mDice) };
    expect(found.equal, JSON.stringify(found)).toBeGreaterThanOrEqual(promised.equal);
    expect(found.dice, JSON.stringify(found)).toBeLessThanOrEqual(promised.dice);
    // How a file is read and run does not follow from the network; one says for all that a score of it is the same.
    if (template !== TEMPLATES[0]) return;
    const { metrics } = await evaluate({ weights: model, testData: scenes.testData, threads: 1 });
    expect(metrics.mDice).toBeCloseTo(seen.mDice, 12);
  });
});
