import { expect, test } from 'vitest';
import { add, constant, mul, reduceSum } from '../graph/builders.js';
import { inPhase, type Phase, withScope } from '../graph/tensor.js';
import { layoutOf, StepBuilder, type StepGraph } from './step.js';
import { digestStep } from './step-digest.js';

interface Variant {
  readonly input?: string;
  readonly pack?: string;
  readonly factors?: Float32Array;
  readonly axis?: number;
  readonly scope?: string;
  readonly phase?: Phase;
  readonly guarded?: boolean;
  readonly swapped?: boolean;
  readonly updated?: boolean;
}

function build(variant: Variant = {}): StepGraph {
  const {
    input = 'x',
    pack = 'weights',
    factors = Float32Array.of(1, 2),
    axis = 0,
    scope = 'layer',
    phase = 'forward',
  } = variant;
  const step = new StepBuilder();
  const x = step.input(input, 'float32', [2, 2]);
  const weights = step.pack(layoutOf(pack, [{ key: 'w', shape: [2] }]));
  const y = inPhase(phase, () =>
    withScope(scope, () => reduceSum(mul(x, constant(factors, [2])), { axes: [axis] })),
  );
  const [a, b] = variant.swapped ? [weights.flat, y] : [y, weights.flat];
  const loss = reduceSum(add(a, b));
  if (variant.updated !== false) step.update(pack, add(weights.flat, y));
  step.output('loss', loss);
  if (variant.guarded !== false) step.commitIfFinite('loss');
  return step.build();
}

test('the same step built again has the same digest', () => {
  expect(digestStep(build())).toBe(digestStep(build()));
  expect(digestStep(build())).toMatch(/^[0-9a-f]{64}$/);
});

test.each<[string, Variant]>([
  ['the name of an input', { input: 'images' }],
  ['the name of a pack', { pack: 'parameters' }],
  ['a value of a constant', { factors: Float32Array.of(1, 2.0000002) }],
  ['the sign of a zero', { factors: Float32Array.of(1, -0) }],
  ['an attribute', { axis: 1 }],
  ['the path of a module', { scope: 'layer2' }],
  ['the phase of a node', { phase: 'update' }],
  ['the order of operands', { swapped: true }],
  ['what is updated', { updated: false }],
  ['the guard', { guarded: false }],
])('%s changes it', (_, variant) => {
  const reference = variant.factors?.[1] === 0 ? build({ factors: Float32Array.of(1, 0) }) : build();
  expect(digestStep(build(variant))).not.toBe(digestStep(reference));
});
