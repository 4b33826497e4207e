/**
 * @file Training steps in mixed precision beside those in float32. They are computed by the processor, with a rounding to float16 after
 * every operator that computes in halves: no adapter at hand has any.
 */
import { describe, expect, it, test } from 'vitest';
import { fromHalves, toHalves } from '../../src/base/half.js';
import { createEngine } from '../../src/engine/engine.js';
import { prepareStep } from '../../src/engine/prepare.js';
import { deviceTarget } from '../../src/engine/providers/device-target.js';
import { runGraph } from '../../src/engine/run-graph.js';
import type { StepGraph } from '../../src/engine/step.js';
import { withLossScale } from '../../src/methods/mixed-precision.js';
import { createSegmentor } from '../../src/models/index.js';
import { optimizerScalars } from '../../src/optim/index.js';
import { learn } from './learn.js';
import { CLASSES, distance, type Problem, small, supervisedProblem } from './problems.js';
import { WAYS } from './ways.js';

/** Rounds to halves; with any other engine a step in mixed precision is one in float32. */
const HALVES = { engine: 'stock' } as const;
/** A half has 11 bits. */
const UNIT = 2 ** -11;
/** Gradients of contrastive losses are large. */
const SCALE = 64;
const SMALL_SIDE = 16;

const adam = (update: number) => optimizerScalars('adam', 0.01, update);
const scaled =
  (scalars: Problem['scalars'], lossScale = SCALE): Problem['scalars'] =>
  (update) => ({ ...scalars(update), lossScale });
const smallProblem = (lossScale = SCALE) =>
  supervisedProblem(small, 2, scaled(adam, lossScale), SMALL_SIDE, withLossScale);

test('a network learns in 50 steps what it learns in float32', async () => {
  const here = await learn(supervisedProblem(small, 2, adam, SMALL_SIDE), HALVES, 50);
  const mixed = await learn(smallProblem(), HALVES, 50);
  expect(here.losses[49]).toBeLessThan(0.6 * here.losses[0]!);
  mixed.losses.forEach((loss, i) => {
    expect(Math.abs(loss - here.losses[i]!)).toBeLessThan(10 * UNIT * here.losses[0]!);
  });
  expect(mixed.losses).not.toEqual(here.losses);
});

test('where an engine has no halves, the scale alone changes no bit', async () => {
  const engine = { lowering: 'plain', device: 'cpu', engine: 'auto' } as const;
  const here = await learn(supervisedProblem(small, 2, adam, SMALL_SIDE), engine, 3);
  const there = await learn(smallProblem(), engine, 3);
  expect(there).toEqual(here);
});

describe('loss and gradient of a step', () => {
  it.each([
    ['lite-hrnet-s', 4],
    ['segnext-t', 2],
  ])('of %s', async (name, batch) => {
    const model = createSegmentor(name, { numClasses: CLASSES });
    const problem = supervisedProblem(model, batch, adam, 64);
    const here = await learn(problem, HALVES, 1);
    const rounded = await learn(withHalves(problem), HALVES, 1);
    const mixed = await learn(supervisedProblem(model, batch, scaled(adam), 64, withLossScale), HALVES, 1);
    expect(distance(here.losses, mixed.losses)).toBeLessThan(4 * UNIT);
    // Of a network with random weights the gradient jumps where a value near zero passes a ReLU or not. What there is of that shows
    // float32 itself, with images and weights that are halves; rounding all maps as well must not do much more.
    expect(distance(here.gradient, mixed.gradient)).toBeLessThan(
      4 * distance(here.gradient, rounded.gradient),
    );
  });
});

describe('all that a step gives and leaves', () => {
  /** Between a rounding for each of the layers and one value that passes a ReLU or not. */
  const MOST = 0.05;

  it.each(Object.entries(WAYS))('of %s', async (_, way) => {
    const { problem, figures } = way();
    const here = await learn(problem, HALVES, 1);
    const changed = way(withLossScale).problem;
    const mixed = await learn({ ...changed, scalars: scaled(changed.scalars) }, HALVES, 1);
    for (const figure of figures) {
      const [expected, found] = [here, mixed].map(({ outputs }) => Number(outputs[figure]![0]));
      expect([figure, Math.abs(found! / expected! - 1) < MOST]).toEqual([figure, true]);
    }
    for (const [name, values] of Object.entries(here.states))
      expect([name, distance(values, mixed.states[name]!) < MOST]).toEqual([name, true]);
  });
});

describe('a scale beyond what gradients in float16 can hold', () => {
  it.each([
    ['a mean teacher with prototypes', () => WAYS['a mean teacher with prototypes']!(withLossScale).problem],
    ['supervised training', () => smallProblem()],
  ])('leaves all of %s as it was', async (_, make) => {
    const { graph, states, inputs, scalars } = make();
    const engine = await createEngine({ threads: 2, ...HALVES });
    const step = await engine.compile(graph);
    for (const [name, data] of states) await engine.setState(name, data);
    const { outputs, committed } = await step.run(inputs, scaled(scalars, 2 ** 30)(1));
    expect(Number.isFinite(outputs.loss![0])).toBe(true);
    expect(committed).toBe(false);
    for (const [name, data] of states) expect([name, await engine.getState(name)]).toEqual([name, data]);
    expect((await step.run(inputs, scaled(scalars)(1))).committed).toBe(true);
    await engine.dispose();
  });
});

describe('in the operators of graphics processors', () => {
  it.each(['webgpu', 'cuda'] as const)('a step for %s computes what one in float32 does', async (kind) => {
    const { graph, states, inputs, scalars } = smallProblem();
    const numbers = Object.entries(scalars(1)).map(([name, value]) => [name, Float32Array.of(value)]);
    const packs = [...states].map(([name, data]) => [`state:${name}`, data]);
    const feeds = { ...inputs, ...Object.fromEntries([...numbers, ...packs]) };
    const results = [graph.outputs.loss!, graph.outputs.gradient!];
    const passes = deviceTarget(kind, 'none').passes('fast', 'mixed');
    const lower = (outputs: typeof results) =>
      passes.reduce((tensors, pass) => pass(tensors), outputs as readonly (typeof results)[number][]);
    const [loss, gradient] = await runGraph(results, feeds);
    const [mixedLoss, mixedGradient] = await runGraph(results, feeds, {
      lower: (given) => lower([...given]),
    });
    expect(distance(loss as Float32Array, mixedLoss as Float32Array)).toBeLessThan(4 * UNIT);
    expect(distance(gradient as Float32Array, mixedGradient as Float32Array)).toBeLessThan(4 * UNIT);
  });

  it('takes much less memory than in float32', async () => {
    const model = createSegmentor('segnext-t', { numClasses: CLASSES });
    const target = deviceTarget('cuda', 'none');
    const peakOf = async ({ graph }: { readonly graph: StepGraph }) =>
      (await prepareStep(graph, { target, memory: 'fast' })).peakMemory;
    const whole = await peakOf(supervisedProblem(model, 8, adam, 256));
    const mixed = await peakOf(supervisedProblem(model, 8, adam, 256, withLossScale));
    expect(mixed).toBeLessThan((2 / 3) * whole);
  });
});

/** The same with images and weights rounded to halves. */
function withHalves({ inputs, states, ...problem }: Problem): Problem {
  const round = (values: Float32Array): Float32Array => fromHalves(toHalves(values));
  const { images } = inputs as { readonly images: Float32Array };
  const weights = states.get('parameters')!;
  return {
    ...problem,
    inputs: { ...inputs, images: round(images) },
    states: new Map([...states, ['parameters', round(weights)]]),
  };
}
