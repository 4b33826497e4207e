/**
 * @file Training steps on WebGPU beside those on the processor: what every provider must do, that nothing is computed elsewhere, loss
 * and gradients of whole networks, and that a network learns as it does on the processor.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { openDevice } from '../../src/engine/devices/open-device.js';
import { type CompileOptions, createEngine, type EngineOptions } from '../../src/engine/engine.js';
import { prepareStep } from '../../src/engine/prepare.js';
import { askFor, providerCases } from '../../src/engine/providers/provider.cases.js';
import { stockTarget } from '../../src/engine/providers/stock.js';
import type { StepGraph } from '../../src/engine/step.js';
import { joinStep } from '../../src/methods/learning.js';
import { modelLayouts } from '../../src/methods/model-state.js';
import { supervisedLearning } from '../../src/methods/supervised-steps.js';
import { createSegmentor, describe as describeModel, type Segmentor } from '../../src/models/index.js';
import { convModule, convolution, depthwiseSeparable, drawNoise, initialValue } from '../../src/nn/index.js';
import { optimizerScalars } from '../../src/optim/index.js';
import { adapter } from './software-adapter.js';

const CLASSES = 3;
const SIDE = 32;
/** Of the network that learns many steps. */
const SMALL_SIDE = 16;
/** Of loss and gradient, relative to what the processor has. */
const TOLERANCE = 1e-3;

interface Problem {
  readonly graph: StepGraph;
  readonly states: ReadonlyMap<string, Float32Array>;
  readonly inputs: Readonly<Record<string, Float32Array | Uint8Array>>;
}

/** Blocks of color that tell their classes, under noise. */
function problemOf(model: Segmentor, batch: number, side = SIDE): Problem {
  const { variables } = describeModel(model, [1, 3, side, side]);
  const layouts = modelLayouts(variables);
  const learning = supervisedLearning(model, layouts, { batchSize: batch, size: side, optimizer: 'adam' });
  learning.step.output('gradient', learning.gradient);
  const graph = joinStep(learning);
  const specs = new Map(variables.map((spec) => [spec.key, spec]));
  const states = new Map(
    graph.packs.map(({ layout }) => {
      const flat = new Float32Array(layout.size);
      const isModel = layout.name === layouts.parameters.name || layout.name === layouts.buffers.name;
      for (const { key, offset } of layout.entries) {
        const spec = specs.get(key);
        if (spec && isModel) flat.set(initialValue(spec, 0), offset);
      }
      return [layout.name, flat];
    }),
  );
  const random = new Random('steps on devices');
  const labels = Uint8Array.from({ length: batch * side * side }, (_, i) => {
    const [n, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    return (n + Math.floor(y / 8) + 2 * Math.floor(x / 8)) % CLASSES;
  });
  const images = Float32Array.from({ length: batch * 3 * side ** 2 }, (_, i) => {
    const [n, channel] = [Math.floor(i / (3 * side ** 2)), Math.floor(i / side ** 2) % 3];
    const isOfClass = labels[n * side ** 2 + (i % side ** 2)] === channel;
    return (isOfClass ? 1 : -0.5) + 0.5 * random.normal();
  });
  const { noise } = graph.inputs;
  return {
    graph,
    states,
    inputs: { images, labels, ...(noise ? { noise: drawNoise(noise.size, random) } : {}) },
  };
}

/** The loss of every step, and the gradient of the first. */
async function learn(
  { graph, states, inputs }: Problem,
  options: EngineOptions,
  steps: number,
  compiling: CompileOptions = {},
) {
  const engine = await createEngine({ threads: 2, ...options });
  try {
    const step = await engine.compile(graph, compiling);
    for (const [name, data] of states) await engine.setState(name, data);
    const losses: number[] = [];
    let gradient: Float32Array | undefined;
    for (let i = 1; i <= steps; i++) {
      const { outputs, committed } = await step.run(inputs, optimizerScalars('adam', 0.01, i));
      expect(committed).toBe(true);
      losses.push(Number(outputs.loss![0]));
      gradient ??= outputs.gradient as Float32Array;
    }
    await step.release();
    return { losses, gradient: gradient! };
  } finally {
    await engine.dispose();
  }
}

const norm = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

const small: Segmentor = (scope, images) => {
  const stem = convModule(scope.child('stem'), images, { channels: 8, kernel: 3, stride: 2 });
  const block = depthwiseSeparable(scope.child('block'), stem, 8);
  return convolution(scope.child('head'), block, { channels: CLASSES, kernel: 1 });
};

if (typeof adapter === 'string') {
  test.skip(`steps on WebGPU: ${adapter}`, () => undefined);
} else {
  providerCases('webgpu');

  describe(`on ${adapter.name}`, () => {
    it('a graph with an operator that WebGPU lacks is refused, not computed in part by the processor', async () => {
      const { graph } = problemOf(small, 2);
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
      const problem = problemOf(small, 2, SMALL_SIDE);
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
      const problem = problemOf(createSegmentor(name, { numClasses: CLASSES }), batch);
      const here = await learn(problem, { engine: 'stock' }, 1);
      const there = await learn(problem, askFor('webgpu'), 1);
      expect(Math.abs(there.losses[0]! / here.losses[0]! - 1)).toBeLessThan(TOLERANCE);
      const difference = here.gradient.map((value, i) => value - there.gradient[i]!);
      expect(norm(difference) / norm(here.gradient)).toBeLessThan(TOLERANCE);
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
