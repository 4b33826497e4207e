/**
 * @file What holds for every provider, whatever computes: state, guard, order, errors, and values that are those of documented
 * operators. A provider is one line in providers.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import {
  add,
  batchNorm,
  concat,
  conv,
  gelu,
  gradients,
  mul,
  reduceMean,
  relu,
  reshape,
  split,
  sub,
  type Tensor,
} from '../../graph/index.js';
import { descentLayout, descentStep } from '../descent.cases.js';
import { createEngine, type Engine, type EngineOptions } from '../engine.js';
import { DEVICE_KINDS, type DeviceKind, type EngineKind } from '../settings.js';
import { layoutOf, StepBuilder, type StepGraph } from '../step.js';

/** The same by hand, in double precision. */
function descendByHand(
  state: number[],
  x: ArrayLike<number>,
  target: ArrayLike<number>,
  rate: number,
): number {
  const gradient = new Array<number>(8).fill(0);
  let loss = 0;
  for (let n = 0; n < 4; n++)
    for (let o = 0; o < 2; o++) {
      let y = state[6 + o]!;
      for (let i = 0; i < 3; i++) y += x[n * 3 + i]! * state[i * 2 + o]!;
      const error = y - target[n * 2 + o]!;
      loss += (error * error) / 8;
      for (let i = 0; i < 3; i++) gradient[i * 2 + o]! += (error * x[n * 3 + i]!) / 4;
      gradient[6 + o]! += error / 4;
    }
  for (const [i, g] of gradient.entries()) state[i]! -= rate * g;
  return loss;
}

const random = new Random(7);
const x = Float32Array.from({ length: 12 }, () => random.normal());
const target = Uint8Array.from({ length: 8 }, () => random.integer(3));
const start = Float32Array.from({ length: 8 }, () => random.normal());
const scalars = { divisor: 1, rate: 0.1 };

/** Weights of {@link network}. */
const networkLayout = layoutOf('network', [
  { key: 'filter', shape: [6, 1, 3, 3] },
  { key: 'scale', shape: [6] },
  { key: 'bias', shape: [6] },
  { key: 'mix', shape: [4, 6, 1, 1] },
]);
const IMAGES = [3, 6, 24, 40] as const;

/** A small network: a shuffle, a depthwise convolution with norm and ReLU, a residual, a pointwise convolution, GELU. */
function network(): StepGraph {
  const builder = new StepBuilder();
  const images = builder.input('images', 'float32', IMAGES);
  const weights = builder.pack(networkLayout);
  const halves = split(images, [3, 3], 1).map((half) => reshape(half, [3, 3, 1, 24, 40]));
  const shuffled = reshape(concat(halves as [Tensor, Tensor], 2), IMAGES);
  const y = conv(shuffled, weights.get('filter'), { groups: 6, padding: 1 });
  const normed = relu(batchNorm(y, weights.get('scale'), weights.get('bias'), 1e-5).y);
  const mixed = gelu(conv(add(normed, mul(images, 0.5)), weights.get('mix')));
  const loss = reduceMean(mul(mixed, sub(mixed, 1)));
  builder.update('network', sub(weights.flat, mul(gradients(loss, [weights.flat])[0]!, 0.1)));
  builder.output('loss', loss);
  builder.commitIfFinite('loss');
  return builder.build();
}

const images = Float32Array.from({ length: 3 * 6 * 24 * 40 }, () => random.normal());
const networkStart = Float32Array.from({ length: networkLayout.size }, () => random.normal());

/** Losses and weights of three steps of the network. */
async function learn(engine: Engine) {
  const step = await engine.compile(network());
  await engine.setState('network', networkStart);
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push(Number((await step.run({ images })).outputs.loss![0]));
  await step.release();
  return { losses, weights: await engine.getState('network') };
}

/** The same on an engine of its own. */
async function learnAlone(options: EngineOptions) {
  const engine = await createEngine({ threads: 2, cache: false, ...options });
  return learn(engine).finally(() => engine.dispose());
}

/** How an engine is asked for by the name of its provider. */
export const askFor = (name: EngineKind): Pick<EngineOptions, 'engine' | 'device'> => {
  const isDevice = (kind: EngineKind): kind is DeviceKind =>
    (DEVICE_KINDS as readonly string[]).includes(kind);
  return isDevice(name) ? { device: name } : { engine: name };
};

/** @param name of the provider, which must be there */
export function providerCases(name: EngineKind): void {
  const asked = askFor(name);
  describe(`steps of the ${name} engine`, () => {
    let engine: Engine;
    let learned: Awaited<ReturnType<typeof learn>>;
    beforeAll(async () => {
      engine = await createEngine({ threads: 2, memory: 'fast', cache: false, ...asked });
      learned = await learn(engine);
    });
    afterAll(() => engine.dispose());

    it('is what was asked for', async () => {
      expect(await engine.choice()).toMatchObject({ kind: name, reason: expect.any(String) });
    });

    it('compute what documented operators of the stock runtime do', async () => {
      const plain = await learnAlone({ engine: 'stock', lowering: 'plain' });
      const { losses, weights } = learned;
      expect(new Set(losses).size).toBe(3);
      losses.forEach((loss, i) => {
        expect(loss).toBeCloseTo(plain.losses[i]!, 5);
      });
      weights.forEach((weight, i) => {
        expect(weight).toBeCloseTo(plain.weights[i]!, 4);
      });
    });

    it('give the same bits again', async () => {
      expect(await learn(engine)).toEqual(learned);
    });

    it('go on where memory is short', async () => {
      expect(await learnAlone({ ...asked, memory: 'lean' })).toEqual(learned);
    });

    it('carries state through many steps and agrees with a computation by hand', async () => {
      const step = await engine.compile(descentStep());
      await engine.setState('weights', start);
      const expected = Array.from(start);
      for (let i = 0; i < 100; i++) {
        const { outputs, committed } = await step.run({ x, target }, scalars);
        expect(committed).toBe(true);
        expect(outputs.loss![0]).toBeCloseTo(descendByHand(expected, x, target, 0.1), 4);
      }
      const state = await engine.getState('weights');
      for (const [i, value] of expected.entries()) expect(state[i]).toBeCloseTo(value, 4);
      await step.release();
    });

    it('does not commit a step whose guarded output is not finite', async () => {
      const step = await engine.compile(descentStep());
      await engine.setState('weights', start);
      await step.run({ x, target }, scalars);
      const before = await engine.getState('weights');
      const bad = await step.run({ x, target }, { ...scalars, divisor: 0 });
      expect(bad.committed).toBe(false);
      expect(bad.outputs.loss![0]).not.toSatisfy(Number.isFinite);
      expect(await engine.getState('weights')).toEqual(before);
      expect((await step.run({ x, target }, scalars)).committed).toBe(true);
      await step.release();
    });

    it('forgets a run that was not finite: batch normalisation goes on as if it had never been', async () => {
      const builder = new StepBuilder();
      const images = builder.input('images', 'float32', [4, 3]);
      const pack = builder.pack(
        layoutOf('affine', [
          { key: 'scale', shape: [3] },
          { key: 'bias', shape: [3] },
        ]),
      );
      const { y } = batchNorm(images, pack.get('scale'), pack.get('bias'), 1e-5);
      const loss = reduceMean(mul(y, mul(y, y)));
      const [gradient] = gradients(loss, [pack.flat]);
      builder.update('affine', sub(pack.flat, gradient!));
      builder.output('loss', loss);
      builder.commitIfFinite('loss');
      const step = await engine.compile(builder.build());
      const run = async (values: Float32Array) => {
        await engine.setState('affine', Float32Array.of(1, 2, 3, 4, 5, 6));
        const result = await step.run({ images: values }, {});
        return { ...result, milliseconds: 0, state: await engine.getState('affine') };
      };
      const before = await run(x);
      expect(before.committed).toBe(true);
      expect((await run(x.map((value, i) => (i === 4 ? Number.NaN : value)))).committed).toBe(false);
      expect(await run(x)).toEqual(before);
      await step.release();
    });

    it('undoes a step that leaves statistics which are not finite, though its loss is', async () => {
      const builder = new StepBuilder();
      const factor = builder.input('factor', 'float32', [1]);
      const pack = builder.pack(layoutOf('statistics', [{ key: 'variance', shape: [2] }]));
      builder.update('statistics', mul(pack.flat, factor));
      builder.output('loss', mul(factor, 0.5));
      builder.commitIfFinite('loss');
      const step = await engine.compile(builder.build());
      await engine.setState('statistics', Float32Array.of(1, 3e38));
      expect((await step.run({ factor: Float32Array.of(0.5) })).committed).toBe(true);
      const before = await engine.getState('statistics');
      const { committed, outputs } = await step.run({ factor: Float32Array.of(1e10) });
      expect(outputs.loss![0]).toBe(5e9);
      expect(committed).toBe(false);
      expect(await engine.getState('statistics')).toEqual(before);
      await step.release();
    });

    it('gives bit-identical results twice and on two engines', async () => {
      const runs = async (on: Engine) => {
        const step = await on.compile(descentStep());
        await on.setState('weights', start);
        for (let i = 0; i < 5; i++) await step.run({ x, target }, scalars);
        await step.release();
        return on.getState('weights');
      };
      const other = await createEngine({ threads: 2, ...asked });
      const results = [await runs(engine), await runs(engine), await runs(other)];
      await other.dispose();
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    });

    it('lets several steps read the same state', async () => {
      const train = await engine.compile(descentStep(), { name: 'train' });
      const builder = new StepBuilder();
      const weights = builder.pack(descentLayout);
      builder.output('w', weights.get('w'));
      const read = await engine.compile(builder.build(), { name: 'read' });
      await engine.setState('weights', start);
      await train.run({ x, target }, scalars);
      const state = await engine.getState('weights');
      expect((await read.run({})).outputs.w).toEqual(state.subarray(0, 6));
      expect(state).not.toEqual(start);
      await Promise.all([train.release(), read.release()]);
    });

    it('executes concurrent runs in order and leaves the arrays of the caller alone', async () => {
      const step = await engine.compile(descentStep());
      await engine.setState('weights', start);
      const losses = await Promise.all(
        [0, 1, 2].map(async () => (await step.run({ x, target }, scalars)).outputs.loss![0]!),
      );
      expect(losses[0]).toBeGreaterThan(losses[1]!);
      expect(losses[1]).toBeGreaterThan(losses[2]!);
      expect(x).toHaveLength(12);
      await step.release();
    });

    it('names what is wrong with the inputs', async () => {
      const step = await engine.compile(descentStep(), { name: 'train' });
      await expect(step.run({ x }, scalars)).rejects.toThrow('step "train" was run without its input target');
      await expect(step.run({ x, target }, { ...scalars, lr: 1 })).rejects.toThrow('has no scalar lr');
      await expect(step.run({ x: x.subarray(1), target }, scalars)).rejects.toThrow(
        'input x float32[4,3] of step "train" needs a Float32Array of 12 values, got a Float32Array of 11',
      );
      await expect(step.run({ x, target: new Int32Array(8) }, scalars)).rejects.toThrow(
        'got a Int32Array of 8',
      );
      await step.release();
      await expect(step.run({ x, target }, scalars)).rejects.toThrow('step "train" failed on x float32[4,3]');
    });

    it('refuses state of another size and state that was never set', async () => {
      await expect(engine.setState('weights', new Float32Array(9))).rejects.toThrow(
        'has 9 values here, but 8',
      );
      await expect(engine.getState('nothing')).rejects.toThrow('pack "nothing" has no values yet');
    });
  });
}
