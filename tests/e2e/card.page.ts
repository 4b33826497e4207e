/** @file For a page: steps of a small network by the engine of browsers on WebGPU. A test bundles and loads it. */
import { prepareStep } from '../../src/engine/prepare.js';
import { stockTarget } from '../../src/engine/providers/stock.js';
import { graphicsCard, here } from '../../src/web/browser.js';
import type { WebRuntime } from '../../src/web/runtime.js';
import { createWebEngine } from '../../src/web-training/engine.js';
import { cardSessions } from '../../src/web-training/sessions.js';
import { learnOn, smallProblem } from '../devices/problems.js';

/** What comes of it, for the process of the test. */
export interface LearnedInTab {
  readonly losses: readonly number[];
  /** Of the first step. */
  readonly gradient: readonly number[];
  /** All packs after the last step. */
  readonly states: Readonly<Record<string, readonly number[]>>;
  /** What is said of a step with an operator that WebGPU lacks. */
  readonly refusal: string;
}

/** @param runtimeModule address of ONNX Runtime with WebGPU, whose files lie beside it */
async function learnInTab(runtimeModule: string, steps: number): Promise<LearnedInTab> {
  const runtime = (await import(runtimeModule)) as WebRuntime;
  runtime.env.wasm.wasmPaths = runtimeModule.replace(/[^/]*$/, '');
  runtime.env.wasm.numThreads = 1;
  const card = await graphicsCard(here);
  const engine = createWebEngine(runtime, { wish: 'webgpu', card, tell: () => undefined });
  try {
    const { losses, gradient, states } = await learnOn(engine, smallProblem(), steps);
    const left = Object.entries(states).map(([name, values]) => [name, [...values]] as const);
    const refusal = await refusalOf(runtime);
    return { losses, gradient: [...gradient], states: Object.fromEntries(left), refusal };
  } finally {
    await engine.dispose();
  }
}

async function refusalOf(runtime: WebRuntime): Promise<string> {
  const target = stockTarget();
  const { model, binding } = await prepareStep(smallProblem().graph, { target, memory: 'fast' });
  const settings = { threads: 1, rewrite: false };
  return cardSessions(runtime)
    .createSession(model, settings, target.session, binding)
    .then(
      () => 'it was not refused',
      (error: Error) => error.message,
    );
}

Object.assign(globalThis, { learnInTab, cardOfTab: () => graphicsCard(here) });
