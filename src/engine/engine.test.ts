import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { Random } from '../base/random.js';
import { input, relu, resizeBilinear } from '../graph/builders.js';
import { serializeLowered } from '../graph/onnx/serialize.js';
import { descentStep } from './descent.cases.js';
import { createEngine, type Engine } from './engine.js';
import { fits } from './memory-fit.js';
import { StepBuilder } from './step.js';

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
