/** @file The engine of browsers on a runtime of the same interface: which device it takes, and that state is where it is wanted. */
import * as onnxruntime from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { descentStep } from '../engine/descent.cases.js';
import type { GraphicsCard } from '../web/browser.js';
import type { RuntimeTensor, WebDevice, WebRuntime } from '../web/runtime.js';
import { createWebEngine } from './engine.js';

type Results = Readonly<Record<string, RuntimeTensor>>;

const { InferenceSession, Tensor } = onnxruntime as unknown as WebRuntime;
const card: GraphicsCard = { name: 'a card', isSoftware: false };

interface Behaviour {
  /** Milliseconds that a run takes besides. */
  readonly processorTakes?: number;
  readonly cardTakes?: number;
  /** What a card makes of the values by their names. */
  readonly distort?: (name: string, value: number) => number;
}

/** That of Node, which has the same interface and computes on the processor, whatever is asked for. */
function runtimeWith({ processorTakes = 0, cardTakes = 0, distort }: Behaviour = {}): WebRuntime {
  const create: WebRuntime['InferenceSession']['create'] = async (model, { executionProviders }) => {
    const session = await InferenceSession.create(model, { executionProviders: ['cpu'] });
    const isCard = JSON.stringify(executionProviders).includes('webgpu');
    const takes = isCard ? cardTakes : processorTakes;
    return {
      run: async (feeds) => {
        const results = await session.run(feeds);
        if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
        return isCard && distort ? distorted(results, distort) : results;
      },
      release: () => session.release(),
    };
  };
  return { env: { wasm: {} }, Tensor, InferenceSession: { create } };
}

const distorted = (results: Results, change: NonNullable<Behaviour['distort']>): Results =>
  Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => {
      const { data, dims } = tensor as RuntimeTensor & { data: Float32Array; dims: number[] };
      return [
        name,
        new Tensor(
          'float32',
          data.map((value) => change(name, value)),
          dims,
        ),
      ];
    }),
  );

function engineWith(
  wish: 'auto' | WebDevice,
  behaviour: Behaviour = {},
  on: GraphicsCard | undefined = card,
) {
  const told: string[] = [];
  const engine = createWebEngine(runtimeWith(behaviour), { wish, card: on, tell: (what) => told.push(what) });
  return { engine, told };
}

const choiceOf = (...given: Parameters<typeof engineWith>) => {
  const { engine } = engineWith(...given);
  return engine.choice(descentStep).finally(() => engine.dispose());
};

describe('what computes steps', () => {
  it('is the processor, unless something else is asked for', async () => {
    expect(await choiceOf('wasm')).toEqual({ kind: 'stock', reason: 'it is the engine of browsers' });
  });

  it('is the card where that was asked for, or an error with the reason', async () => {
    expect(await choiceOf('webgpu')).toEqual({ kind: 'webgpu', reason: 'asked for', device: 'a card' });
    const wrong = { distort: (_: string, value: number) => 1.01 * value };
    await expect(choiceOf('webgpu', wrong)).rejects.toThrow(
      'the device webgpu cannot be used: it computes other values than the processor; take the device auto or wasm',
    );
    const none = createWebEngine(runtimeWith(), { wish: 'webgpu', card: undefined, tell: () => undefined });
    await expect(none.choice(descentStep)).rejects.toThrow('this browser has no graphics card for it');
  });

  it('is the faster one for auto, which says in one line what it found', async () => {
    const { engine, told } = engineWith('auto', { processorTakes: 30 });
    const faster = await engine.choice(descentStep);
    expect(faster).toMatchObject({ kind: 'webgpu', device: 'a card' });
    expect(faster.reason).toMatch(
      /^a step takes 0\.\d+ s with webgpu on a card, and 0\.03\d* s on the processor$/,
    );
    expect(told).toEqual([
      'trying the graphics card',
      'timing a step on the processor',
      'timing a step on the graphics card',
    ]);
    await engine.dispose();
    const slower = await choiceOf('auto', { cardTakes: 30 });
    expect(slower.kind).toBe('stock');
    expect(slower.reason).toMatch(/a step takes 0\.03\d* s with webgpu on a card/);
  });

  it('is the processor for auto where the step has another loss on the card, or there is none', async () => {
    const otherLoss = {
      processorTakes: 30,
      distort: (name: string, x: number) => (name === 'loss' ? 1.01 * x : x),
    };
    const wrong = await choiceOf('auto', otherLoss);
    expect(wrong).toMatchObject({
      kind: 'stock',
      reason: expect.stringContaining('a step has another loss there'),
    });
    const software = await choiceOf('auto', { processorTakes: 30 }, { name: 'a renderer', isSoftware: true });
    expect(software).toMatchObject({
      kind: 'stock',
      reason: expect.stringContaining('a renderer is software, no graphics card'),
    });
  });
});

describe('state', () => {
  const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
  const target = Uint8Array.from({ length: 8 }, (_, i) => i % 3);
  const scalars = { divisor: 1, rate: 0.1 };

  async function descend(wish: WebDevice) {
    const { engine } = engineWith(wish);
    const step = await engine.compile(descentStep(), { name: 'train' });
    await engine.setState('weights', new Float32Array(8).fill(0.5));
    const losses: number[] = [];
    for (let i = 0; i < 5; i++)
      losses.push(Number((await step.run({ x, target }, scalars)).outputs.loss![0]));
    const refused = await step.run({ x, target }, { ...scalars, divisor: 0 });
    const weights = await engine.getState('weights');
    await step.release();
    // What a card holds outlives the step that has made it.
    expect(await engine.getState('weights')).toEqual(weights);
    await engine.dispose();
    return { losses, weights, committed: refused.committed };
  }

  it('is the same on the card, where a step that is not finite leaves it as it was', async () => {
    const [here, there] = [await descend('wasm'), await descend('webgpu')];
    expect(new Set(here.losses).size).toBe(5);
    expect(here.committed || there.committed).toBe(false);
    for (const [i, loss] of there.losses.entries()) expect(loss).toBeCloseTo(here.losses[i]!, 5);
    for (const [i, weight] of there.weights.entries()) expect(weight).toBeCloseTo(here.weights[i]!, 5);
  });
});
