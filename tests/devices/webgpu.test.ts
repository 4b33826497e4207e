/**
 * @file Training steps on WebGPU beside those on the processor: what every provider must do, that nothing is computed elsewhere, loss
 * and gradients of whole networks, and that a network learns as it does on the processor.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { descentStep } from '../../src/engine/descent.cases.js';
import { openDevice } from '../../src/engine/devices/open-device.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import { prepareStep } from '../../src/engine/prepare.js';
import { askFor, providerCases } from '../../src/engine/providers/provider.cases.js';
import { stockTarget } from '../../src/engine/providers/stock.js';
import { withLossScale } from '../../src/methods/mixed-precision.js';
import { createSegmentor } from '../../src/models/index.js';
import { learn } from './learn.js';
import { adam, CLASSES, distance, small, smallProblem, supervisedProblem } from './problems.js';
import { adapter } from './software-adapter.js';
import { WAYS } from './ways.js';

/** Of loss, gradient and state, relative to what the processor has. */
const TOLERANCE = 1e-3;

if (typeof adapter === 'string') {
  test.skip(`steps on WebGPU: ${adapter}`, () => undefined);
} else {
  // As long as there is a session the runtime keeps the programs that it has compiled, which take most of the time.
  let keeper: Engine;
  beforeAll(async () => {
    keeper = await createEngine({ threads: 1, device: 'webgpu' });
    await keeper.compile(descentStep());
  });
  afterAll(() => keeper.dispose());

  providerCases('webgpu');

  describe(`on ${adapter.name}`, () => {
    it('a graph with an operator that WebGPU lacks is refused, not computed in part by the processor', async () => {
      const { graph } = supervisedProblem(small, 2, adam);
      const { model, binding } = await prepareStep(graph, { target: stockTarget(), memory: 'fast' });
      const device = await openDevice('webgpu');
      const inputs = binding.inputs.map(({ name, shape }) =>
        name === 'labels'
          ? new Uint8Array(shape.reduce((a, b) => a * b, 1))
          : new Float32Array(shape.reduce((a, b) => a * b, 1)),
      );
      const trial = { model, binding, inputs, target: { provider: 'webgpu' }, threads: 1, runs: 1 } as const;
      await expect(device.try(trial)).rejects.toThrow('webgpu lacks an operator of it');
      device.close();
    });

    it('learns in 50 steps what it learns on the processor, with every operator on the device', async () => {
      const problem = smallProblem();
      const here = await learn(problem, { engine: 'stock' }, 50);
      const folder = await mkdtemp(join(tmpdir(), 'otx-profile-'));
      const there = await learn(problem, askFor('webgpu'), 50, { profile: join(folder, 'step') });
      expect(here.losses[49]).toBeLessThan(0.6 * here.losses[0]!);
      there.losses.forEach((loss, i) => {
        expect(Math.abs(loss - here.losses[i]!)).toBeLessThan(0.02 * here.losses[0]!);
      });
      expect(await placesIn(folder)).toEqual(new Set(['WebGpuExecutionProvider']));
      await rm(folder, { recursive: true });
    });

    it.each([
      ['lite-hrnet-s', 8],
      ['segnext-t', 2],
    ])('loss and gradient of a step of %s', async (name, batch) => {
      const problem = supervisedProblem(createSegmentor(name, { numClasses: CLASSES }), batch, adam);
      const here = await learn(problem, { engine: 'stock' }, 1);
      const there = await learn(problem, askFor('webgpu'), 1);
      expect(distance(here.losses, there.losses)).toBeLessThan(TOLERANCE);
      expect(distance(here.gradient, there.gradient)).toBeLessThan(TOLERANCE);
    });

    it('computes a step of mixed precision in float32, where it has no halves, and says why', async () => {
      const engine = await createEngine({ threads: 2, device: 'webgpu' });
      const { notMixed } = await engine.choice();
      await engine.dispose();
      const inMixed = smallProblem((update) => ({ ...adam(update), lossScale: 64 }), withLossScale);
      const mixed = await learn(inMixed, askFor('webgpu'), 1);
      const here = await learn(smallProblem(), { engine: 'stock' }, 1);
      if (notMixed !== undefined) expect(notMixed).toBe('it has no float16 (shader-f16)');
      expect(distance(here.gradient, mixed.gradient)).toBeLessThan(notMixed === undefined ? 0.05 : TOLERANCE);
    });

    it.each(Object.entries(WAYS))('all that a step of %s gives and leaves', async (_, way) => {
      const { problem, figures } = way();
      const here = await learn(problem, { engine: 'stock' }, 1);
      const there = await learn(problem, askFor('webgpu'), 1);
      // What is compared is more than nothing.
      for (const figure of figures) expect(Math.abs(Number(here.outputs[figure]![0]))).toBeGreaterThan(1e-3);
      for (const [name, values] of Object.entries(here.outputs)) {
        const [expected, actual] = [values, there.outputs[name]!].map((data) => Array.from(data, Number));
        if (name !== 'guard') expect([name, distance(expected!, actual!) < TOLERANCE]).toEqual([name, true]);
      }
      for (const [name, values] of Object.entries(here.states))
        expect([name, distance(values, there.states[name]!) < TOLERANCE]).toEqual([name, true]);
    });
  });
}

/** Where the runtime has computed operators, by the profile in a folder. */
async function placesIn(folder: string): Promise<ReadonlySet<string>> {
  const [file] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, file!), 'utf8')) as readonly {
    readonly cat: string;
    readonly args?: { readonly provider?: string };
  }[];
  return new Set(
    events.flatMap(({ cat, args }) => (cat === 'Node' && args?.provider ? [args.provider] : [])),
  );
}
