import { expect, test } from 'vitest';
import { runGraph } from '../engine/run-graph.js';
import { input, reachableNodes } from '../graph/index.js';
import { createSegmentor, describe } from '../models/index.js';
import { adamW, adamWScalars, isNormalization } from './adamw.js';

const entries = [
  { key: 'backbone.block1.0.norm1.weight', size: 1 },
  { key: 'backbone.norm1.bias', size: 1 },
  { key: 'backbone.block1.0.layer_scale_1', size: 2 },
  { key: 'decode_head.squeeze.gn.weight', size: 1 },
  { key: 'backbone.patch_embed2.norm.bias', size: 1 },
  { key: 'decode_head.conv_seg.bias', size: 1 },
];
const SIZE = 7;
const decays = [false, false, true, true, true, false, true];

const gradientSequence = [
  [0.1, -2000, 0.3, 0, 1e-6, -0.2, 0.5],
  [-0.3, 1500, 0.1, 0, 1e-6, 0.4, 0.5],
  [0.2, 1e-6, -0.7, 0, -1e-6, 0.1, 0.5],
];
const start = [0.5, -1, 2, 3, -0.25, 0.1, 100];

/** The published algorithm in double precision, with corrected moments spelt out. */
function reference(learningRates: readonly number[], weightDecay: number) {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  let [p, m, v] = [start, new Array<number>(SIZE).fill(0), new Array<number>(SIZE).fill(0)];
  return gradientSequence.map((g, i) => {
    const lr = learningRates[i]!;
    m = m.map((value, j) => beta1 * value + (1 - beta1) * g[j]!);
    v = v.map((value, j) => beta2 * value + (1 - beta2) * g[j]! ** 2);
    p = p.map((value, j) => {
      const decayed = decays[j] ? value - lr * weightDecay * value : value;
      const denominator = Math.sqrt(v[j]! / (1 - beta2 ** (i + 1))) + epsilon;
      return decayed - (lr * m[j]!) / (1 - beta1 ** (i + 1)) / denominator;
    });
    return { p, m, v };
  });
}

test.each([1e-4, 0.5])('AdamW decays all but norms, by name, with decay %s', async (weightDecay) => {
  const [p, m, v, g] = ['p', 'm', 'v', 'g'].map((name) => input(name, 'float32', [SIZE]));
  const names = ['stepSize', 'secondMomentScale', 'keep'] as const;
  const [stepSize, secondMomentScale, keep] = names.map((name) => input(name, 'float32', []));
  const next = adamW(
    { parameters: p!, m: m!, v: v! },
    g!,
    { stepSize: stepSize!, secondMomentScale: secondMomentScale!, keep: keep! },
    { entries },
  );
  const learningRates = [0.01, 0.1, 0.05];
  const wanted = reference(learningRates, weightDecay);
  let state = {
    p: Float32Array.from(start),
    m: new Float32Array(SIZE),
    v: new Float32Array(SIZE),
  };
  for (const [i, gradient] of gradientSequence.entries()) {
    const scalars = adamWScalars(learningRates[i]!, i + 1, { weightDecay });
    const feeds = Object.fromEntries(names.map((name) => [name, Float32Array.of(scalars[name])]));
    const results = (await runGraph([next.parameters, next.m, next.v], {
      ...state,
      ...feeds,
      g: Float32Array.from(gradient),
    })) as [Float32Array, Float32Array, Float32Array];
    state = { p: results[0], m: results[1], v: results[2] } as typeof state;
    for (const name of ['p', 'm', 'v'] as const)
      wanted[i]![name].forEach((value, j) => {
        expect(Math.abs(state[name][j]! - value)).toBeLessThanOrEqual(2e-6 * Math.abs(value));
      });
  }
});

test('the default decay is that of the recipe', () => {
  expect(adamWScalars(0.5, 1).keep).toBe(1 - 0.5e-4);
});

test('in SegNeXt block, embedding and stage norms are exempt; stem and head norms, scales and biases are not', () => {
  const { variables } = describe(createSegmentor('segnext-t', { numClasses: 2 }), [1, 3, 64, 64]);
  const parameters = variables.filter(({ kind }) => kind === 'parameter');
  const exempt = parameters.filter(({ key }) => isNormalization(key)).map(({ key }) => key);
  // Weight and bias of two norms in each of 13 blocks, of three embeddings and of four stages.
  expect(exempt.length).toBe(2 * (2 * 13 + 3 + 4));
  for (const key of ['patch_embed2.norm.bias', 'block3.4.norm2.weight', 'norm4.bias'])
    expect(exempt).toContain(`backbone.${key}`);
  expect(exempt.some((key) => /patch_embed1|layer_scale|gn|conv/.test(key))).toBe(false);
});

test('decay needs no constant as large as the parameters', () => {
  const many = [
    { key: 'a.weight', size: 50_000 },
    { key: 'a.norm', size: 50_000 },
    { key: 'b.weight', size: 50_000 },
  ];
  const vector = input('p', 'float32', [150_000]);
  const scalar = input('s', 'float32', []);
  const { parameters } = adamW(
    { parameters: vector, m: vector, v: vector },
    vector,
    { stepSize: scalar, secondMomentScale: scalar, keep: scalar },
    { entries: many },
  );
  const constants = reachableNodes([parameters]).filter(({ op }) => op === 'constant');
  expect(Math.max(...constants.map(({ outputs }) => outputs[0]!.size))).toBe(1);
});
