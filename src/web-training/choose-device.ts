/** @file What computes the steps of a training in a browser: the processor, or the graphics card where that was asked for or is faster. */

import { throwIfAborted } from '../base/abortable.js';
import { messageOf, OtxError } from '../base/errors.js';
import { runTrial, trialInputs } from '../engine/devices/run-trial.js';
import { plainMessage } from '../engine/plain-message.js';
import { type PreparedStep, prepareStep } from '../engine/prepare.js';
import { type Chosen, type Compare, chooseFastest } from '../engine/providers/choose-provider.js';
import { type DeviceTarget, deviceTarget } from '../engine/providers/device-target.js';
import { problemOf } from '../engine/providers/judge-device.js';
import { agree } from '../engine/providers/probe-model.js';
import { type ProbeModel, type Provider, providerOf, type Target } from '../engine/providers/provider.js';
import { stockTarget } from '../engine/providers/stock.js';
import type { ReadyStep } from '../engine/sessions/run-step.js';
import type { StepGraph } from '../engine/step.js';
import type { GraphicsCard } from '../web/browser.js';
import type { WebDevice } from '../web/runtime.js';

/** What there is to choose from. */
export interface DeviceChoice {
  readonly wish: 'auto' | WebDevice;
  /** What WebGPU has here; undefined for nothing. */
  readonly card: GraphicsCard | undefined;
  /** Makes a session. */
  open(prepared: Pick<PreparedStep, 'model' | 'binding'>, session: Target['session']): Promise<ReadyStep>;
  /** Is called with what is being done. */
  tell(what: string): void;
}

const PROCESSOR: Chosen = { kind: 'stock', reason: 'it is the engine of browsers', target: stockTarget() };

/** Of a loss: sums in another order differ by far less. */
const TOLERANCE = 1e-3;
/** Browsers compile the runtime for speed while it runs: the first steps of the processor take several times as long. */
const TIMED = { milliseconds: 3000, runs: 20, atOnce: 5 };

/**
 * @param step of the training, which is timed for `auto`
 * @throws OtxError `engine` where the card was asked for by name and cannot be used, `aborted` when the signal fires
 */
export async function chooseDevice(
  choice: DeviceChoice,
  step?: () => StepGraph,
  signal?: AbortSignal,
): Promise<Chosen> {
  const { wish } = choice;
  if (wish === 'wasm') return PROCESSOR;
  const run = (probe: ProbeModel, session: Target['session']) => outputsOf(choice, probe, session);
  const provider = cardProvider(choice);
  if (wish === 'auto')
    return step ? chooseFastest(PROCESSOR, [provider], run, comparing(choice, step, signal)) : PROCESSOR;
  const target = await provider.probe(run);
  if (typeof target === 'object') return { kind: wish, reason: 'asked for', device: target.name, target };
  throw new OtxError('engine', `the device webgpu cannot be used: ${target}; take the device auto or wasm`);
}

async function outputsOf({ open }: DeviceChoice, probe: ProbeModel, session: Target['session']) {
  const ready = await open(probe, session);
  try {
    return (await runTrial(ready, probe.inputs, 1)).outputs;
  } finally {
    await ready.session.release();
  }
}

function cardProvider(choice: DeviceChoice): Provider<DeviceTarget, string> {
  return providerOf<DeviceTarget, string>('webgpu', async (run) => {
    const { wish, card, tell } = choice;
    if (!card) return 'this browser has no graphics card for it';
    if (wish === 'auto' && card.isSoftware) return `${card.name} is software, no graphics card`;
    tell('trying the graphics card');
    const target = deviceTarget('webgpu', card.name, 'a tab computes in float32');
    const problem = await problemOf(run, (probe) => outputsOf(choice, probe, target.session));
    return problem ?? target;
  });
}

/** Times the step on both, and compares its losses. */
const comparing =
  (choice: DeviceChoice, step: () => StepGraph, signal: AbortSignal | undefined): Compare =>
  async (processor, card) => {
    choice.tell('timing a step on the processor');
    const here = await timed(choice, step(), processor, signal);
    choice.tell('timing a step on the graphics card');
    try {
      const there = await timed(choice, step(), card, signal);
      const isRight = agree(here.loss, there.loss, TOLERANCE);
      return {
        processor: here.milliseconds,
        device: isRight ? there.milliseconds : null,
        problem: isRight ? null : 'a step has another loss there',
      };
    } catch (error) {
      // What was cut short says nothing about the card.
      throwIfAborted(signal, 'a step was tried on the graphics card');
      return { processor: here.milliseconds, device: null, problem: plainMessage(messageOf(error)) };
    }
  };

async function timed(
  { open }: DeviceChoice,
  step: StepGraph,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<{ readonly loss: Float32Array; readonly milliseconds: number }> {
  const prepared = await prepareStep(step, { target, memory: 'fast', signal });
  const ready = await open(prepared, target.session);
  try {
    const inputs = trialInputs(prepared.binding);
    const { outputs } = await runTrial(ready, inputs, 1);
    const times: number[] = [];
    for (const start = performance.now(); times.length < TIMED.runs; ) {
      times.push(...(await runTrial(ready, inputs, TIMED.atOnce)).milliseconds);
      if (performance.now() - start > TIMED.milliseconds) break;
    }
    const loss = outputs[prepared.binding.outputs.findIndex(({ name }) => name === 'loss')];
    return { loss: loss as Float32Array, milliseconds: Math.min(...times) };
  } finally {
    await ready.session.release();
  }
}
