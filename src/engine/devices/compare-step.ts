/** @file How long a step takes on the processor and on a device, tried in a process of its own and remembered. */
import { createHash } from 'node:crypto';
import { messageOf } from '../../base/errors.js';
import { allocate } from '../allocate.js';
import { plainMessage } from '../plain-message.js';
import type { PreparedStep } from '../prepare.js';
import type { DeviceKind, SessionTarget } from '../settings.js';
import { keptTimes, type StepTimes } from './kept-verdict.js';
import { openDevice } from './open-device.js';
import type { Trial } from './protocol.js';

/** A step as it is compiled for one of the two. */
export interface TimedStep {
  readonly prepared: PreparedStep;
  readonly target: SessionTarget;
}

/** The first run of a device compiles its programs, and the first of the processor takes its memory. */
const RUNS = 3;

/** @returns the least times of some runs, without the first */
export function compareStep(
  device: { readonly kind: DeviceKind; readonly name: string },
  processor: TimedStep,
  onDevice: TimedStep,
  threads: number,
): Promise<StepTimes> {
  const digest = createHash('sha256');
  for (const { prepared } of [processor, onDevice]) digest.update(prepared.model);
  return keptTimes(device, [digest.digest('hex'), processor.target, threads], async () => {
    const opened = await openDevice(device.kind);
    const time = async (step: TimedStep): Promise<number> => {
      const { milliseconds } = await opened.try(trialOf(step, threads));
      return Math.min(...milliseconds.slice(1));
    };
    try {
      const least = await time(processor);
      return { processor: least, device: await time(onDevice), problem: null };
    } catch (error) {
      return { processor: 0, device: null, problem: plainMessage(messageOf(error)) };
    } finally {
      opened.close();
    }
  });
}

function trialOf({ prepared: { model, binding }, target }: TimedStep, threads: number): Trial {
  const inputs = binding.inputs.map(({ dtype, shape }) => {
    const data = allocate(dtype, shape);
    if (data instanceof Float32Array) for (let i = 0; i < data.length; i++) data[i] = Math.sin(1.7 * i);
    return data;
  });
  return { model, binding, inputs, target, threads, runs: RUNS };
}
