import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { Random } from '../base/random.js';
import {
  add,
  batchNorm,
  cast,
  div,
  input,
  matMul,
  mul,
  reduceMean,
  relu,
  resizeBilinear,
  sub,
} from '../graph/builders.js';
import { gradients } from '../graph/index.js';
import { serializeLowered } from '../graph/onnx/serialize.js';
import { createEngine, type Engine } from './engine.js';
import { fits } from './memory-fit.js';
import { layoutOf, StepBuilder } from './step.js';

const layout = layoutOf('weights', [
  { key: 'w', shape: [3, 2] },
  { key: 'b', shape: [2] },
]);

/** Linear regression by gradient descent; `x / divisor` makes a way to a loss that is not finite. */
function descentStep() {
  const step = new StepBuilder();
  const x = div(step.input('x', 'float32', [4, 3]), step.scalar('divisor'));
  const target = cast(step.input('target', 'uint8', [4, 2]), 'float32');
  const weights = step.pack(layout);
  const error = sub(add(matMul(x, weights.get('w')), weights.get('b')), target);
  const loss = reduceMean(mul(error, error));
  const [gradient] = gradients(loss, [weights.flat]);
  step.update('weights', sub(weights.flat, mul(gradient!, step.scalar('rate'))));
  step.output('loss', loss);
  step.commitIfFinite('loss');
  return step.build();
}

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

describe('the cache of compiled steps', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otx-engine-cache-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Weights after three updates, and whether the step came from the cache. */
  async function descend(cache: string | false) {
    const engine = await createEngine({ threads: 1, cache });
    const step = await engine.compile(descentStep());
    await engine.setState('weights', start);
    for (let i = 0; i < 3; i++) await step.run({ x, target }, scalars);
    const weights = await engine.getState('weights');
    await engine.dispose();
    return { weights, fromCache: step.fromCache, nodeCount: step.nodeCount, peakMemory: step.peakMemory };
  }

  it('a second start finds the step of the first one and computes the same bits', async () => {
    const first = await descend(folder);
    const second = await descend(folder);
    const without = await descend(false);
    expect([first, second, without].map(({ fromCache }) => fromCache)).toEqual([false, true, false]);
    expect(second).toEqual({ ...first, fromCache: true });
    expect(without).toEqual(first);
  });

  it('a step without state is not kept', async () => {
    const engine = await createEngine({ threads: 1, cache: folder });
    const before = await readdir(folder);
    const builder = new StepBuilder();
    builder.output('y', relu(builder.input('x', 'float32', [2])));
    const step = await engine.compile(builder.build());
    expect(step.fromCache).toBe(false);
    expect(await readdir(folder)).toEqual(before);
    await engine.dispose();
  });
});

test('the fast form is taken where it fits into four fifths of the free memory', () => {
  expect(fits(1e9, 2e9)).toBe(true);
  expect(fits(1e9, 1.6e9)).toBe(false);
});

describe('Engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ threads: 2 });
  });
  afterAll(() => engine.dispose());

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
    const other = await createEngine({ threads: 2 });
    const results = [await runs(engine), await runs(engine), await runs(other)];
    await other.dispose();
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('lets several steps read the same state', async () => {
    const train = await engine.compile(descentStep(), { name: 'train' });
    const builder = new StepBuilder();
    const weights = builder.pack(layout);
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

  it('loads model files with a free batch size', async () => {
    const image = input('image', 'float32', [2, 1, 2, 2]);
    const model = serializeLowered({
      inputs: [image],
      outputs: { y: relu(resizeBilinear(image, [4, 4])) },
      dynamicBatch: true,
    });
    const loaded = await engine.load(model);
    expect(loaded.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['batch', 1, 2, 2] }]);
    const data = Float32Array.from({ length: 8 }, (_, i) => i - 2);
    const { y } = await loaded.run({ image: { dtype: 'float32', shape: [2, 1, 2, 2], data } });
    expect(y?.shape).toEqual([2, 1, 4, 4]);
    expect(y?.data[31]).toBe(5);
    await loaded.release();
  });

  describe('errors', () => {
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

    it('refuses bytes that are no model', async () => {
      await expect(engine.load(Uint8Array.of(1, 2, 3))).rejects.toThrow('cannot load the ONNX model');
    });

    it('refuses to work after dispose', async () => {
      const other = await createEngine({ threads: 1 });
      await other.dispose();
      await other.dispose();
      await expect(other.setState('weights', start)).rejects.toThrow('the engine was disposed');
    });

    it('sessions may be let go of after the engine', async () => {
      const other = await createEngine({ threads: 1 });
      const step = await other.compile(descentStep());
      await other.dispose();
      await step.release();
    });

    it('an output may not take the name of a pack', () => {
      const step = new StepBuilder();
      const x = step.input('x', 'float32', [1]);
      expect(() => step.output('next:weights', x)).toThrow('what begins with "next:" is for packs');
    });
  });
});

describe('process exit', () => {
  const run = (script: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
    });
  const prelude = `
    import { createEngine } from './dist/engine/engine.js';
    import { StepBuilder } from './dist/engine/step.js';
    import { matMul } from './dist/graph/builders.js';
    const step = new StepBuilder();
    const input = step.input('x', 'float32', [1000, 1000]);
    step.output('y', matMul(input, input));
    const x = new Float32Array(1000000);
    const make = async () => { const engine = await createEngine(); const compiled = await engine.compile(step.build()); await compiled.run({ x }); return { engine, compiled }; };
  `;

  it('survives many engines, one after the other and together', async () => {
    const { stdout, stderr } = await run(`${prelude}
      for (let i = 0; i < 10; i++) await (await make()).engine.dispose();
      const engines = await Promise.all(Array.from({ length: 5 }, make));
      await Promise.all(engines.map(({ engine }) => engine.dispose()));
      console.log('done');`);
    expect([stdout, stderr]).toEqual(['done\n', '']);
  });

  it.each([
    ['without dispose', `await make(); console.log('done');`],
    ['by process.exit', `await make(); console.log('done'); process.exit(0);`],
    [
      'by process.exit during a run',
      `const { compiled } = await make(); for (let i = 0; i < 5; i++) void compiled.run({ x });
       console.log('done'); setTimeout(() => process.exit(0), 10);`,
    ],
  ])('is clean %s', async (_, body) => {
    const { stdout, stderr } = await run(prelude + body);
    expect([stdout, stderr]).toEqual(['done\n', '']);
  });
});
