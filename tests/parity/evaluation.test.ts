import { beforeAll, describe, expect, test } from 'vitest';
import { fnv1a32, Random } from '../../src/base/random.js';
import { runGraph } from '../../src/engine/run-graph.js';
import { input, resizeBilinear, type Shape } from '../../src/graph/index.js';
import { describe as describeModel } from '../../src/models/index.js';
import { ConstantStore, Scope } from '../../src/nn/index.js';
import {
  goldenExists,
  goldenImages,
  goldenLabels,
  goldenWeight,
  norm,
  readNpy,
  relativeError,
} from '../golden.js';
import {
  calibratedWeights,
  type GoldenModel,
  goldenWeights,
  networks,
  readGoldenModel,
} from './golden-model.js';

const TOLERANCE = 1e-4;

/** Evaluation-mode logits, at head resolution and resized to the input. */
async function evaluate(
  model: GoldenModel,
  weights: ReadonlyMap<string, Float32Array>,
  shape: Shape,
): Promise<{ logits: Float32Array; full: Float32Array }> {
  const images = input('images', 'float32', shape);
  const logits = model.segmentor(new Scope(new ConstantStore(weights), false), images);
  const full = resizeBilinear(logits, [shape[2]!, shape[3]!]);
  const feeds = { images: goldenImages('input', shape) };
  // As evaluation and exported files run: with the runtime's own rewriting.
  const results = await runGraph([logits, full], feeds, { threads: 2, rewrite: true });
  return { logits: results[0] as Float32Array, full: results[1] as Float32Array };
}

describe.skipIf(!goldenExists).each(Object.keys(networks))('%s', (name) => {
  let model: GoldenModel;
  beforeAll(() => {
    model = readGoldenModel(name);
  });
  const golden = (suffix: string) => readNpy(`networks/${name}.${suffix}.npy`).data;

  test('the generator gives the recorded first values', () => {
    const check = model.prng_check;
    const random = new Random('input');
    expect(fnv1a32('input')).toBe(check.fnv1a32_input);
    expect(Array.from({ length: 4 }, () => random.uint32())).toEqual(check.mulberry_input_first4);
    const images = goldenImages('input', model.inputs.b!);
    check.input_b_first4.forEach((value, i) => {
      expect(images[i]).toBeCloseTo(value, 7);
    });
    const [n, , h, w] = model.inputs.a as [number, number, number, number];
    const labels = goldenLabels([n, h, w]);
    expect([...labels.subarray(0, 16)]).toEqual(check.label_a_first16);
    for (const [label, count] of Object.entries(check.label_hist.a!))
      expect(labels.filter((l) => l === Number(label)).length).toBe(count);
    for (const [key, first, sum, l2] of check.params) {
      const values = goldenWeight(key, model.shapes.get(key)!);
      first.forEach((value, i) => {
        expect(values[i]).toBeCloseTo(value, 7);
      });
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 3);
      expect(norm(values)).toBeCloseTo(l2, 4);
    }
  });

  test('the state dict has the recorded keys and shapes', () => {
    const { variables } = describeModel(model.segmentor, [1, 3, 64, 64]);
    expect(Object.fromEntries(variables.map(({ key, shape }) => [key, shape]))).toEqual(
      Object.fromEntries(model.shapes),
    );
    const backbone = (keys: Iterable<string>) => [...keys].filter((key) => key.startsWith('backbone.'));
    expect(backbone(variables.map(({ key }) => key))).toEqual(backbone(model.shapes.keys()));
  });

  test('evaluation logits agree', async () => {
    const weights = goldenWeights(model);
    const a = await evaluate(model, weights, model.inputs.a!);
    const b = await evaluate(model, weights, model.inputs.b!);
    const odd = await evaluate(model, weights, model.inputs.odd!);
    expect.soft(relativeError(a.logits, golden('eval_a')), 'eval_a').toBeLessThan(TOLERANCE);
    expect.soft(relativeError(b.logits, golden('eval_b')), 'eval_b').toBeLessThan(TOLERANCE);
    expect.soft(relativeError(odd.logits, golden('eval_odd')), 'eval_odd').toBeLessThan(TOLERANCE);
    expect.soft(relativeError(odd.full, golden('full_odd')), 'full_odd').toBeLessThan(TOLERANCE);
  });

  test('evaluation logits with realistic running statistics agree', async () => {
    const weights = calibratedWeights(model);
    const a = await evaluate(model, weights, model.inputs.a!);
    const b = await evaluate(model, weights, model.inputs.b!);
    expect.soft(relativeError(a.logits, golden('cal_a')), 'cal_a').toBeLessThan(TOLERANCE);
    expect.soft(relativeError(b.logits, golden('cal_b')), 'cal_b').toBeLessThan(TOLERANCE);
  });
});
