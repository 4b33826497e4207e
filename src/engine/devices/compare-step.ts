/** @file How long a step takes on the processor and on a device, tried in a process of its own and remembered. */
import { createHash } from 'node:crypto';
import { throwIfAborted } from '../../base/abortable.js';
import { messageOf } from '../../base/errors.js';
import { plainMessage } from '../plain-message.js';
import type { PreparedStep } from '../prepare.js';
import type { Compare } from '../providers/choose-provider.js';
import type { Target } from '../providers/provider.js';
import type { DeviceKind, SessionTarget } from '../settings.js';
import { keptTimes, type StepTimes } from './kept-verdict.js';
import { openDevice } from './open-device.js';
import type { Trial } from './protocol.js';
import { trialInputs } from './run-trial.js';

/** A step as it is compiled for one of the two. */
interface TimedStep {
  readonly prepared: PreparedStep;
  readonly target: SessionTarget;
}

/**
 * Times a step on the processor and on a device; {@link compareStep} says how.
 *
 * @param prepare compiles it for either
 */
export const comparing =
  (
    prepare: (target: Target) => Promise<PreparedStep>,
    threads: number,
    signal: AbortSignal | undefined,
  ): Compare =>
  async (processor, device) => {
    const timed = async (target: Target): Promise<TimedStep> => ({
      target: target.session,
      prepared: await prepare(target),
    });
    const known = { name: device.name, kind: device.session.provider };
    return compareStep(known, await timed(processor), await timed(device), threads, signal);
  };

/** The first run of a device compiles its programs, and the first of the processor takes its memory. */
const RUNS = 3;

/**
 * @param signal ends the trial
 * @returns the least times of some runs, without the first
 * @throws OtxError `aborted` when the signal fires
 */
function compareStep(
  device: { readonly kind: DeviceKind; readonly name: string },
  processor: TimedStep,
  onDevice: TimedStep,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<StepTimes> {
  const digest = createHash('sha256');
  for (const { prepared } of [processor, onDevice]) digest.update(prepared.model);
  return keptTimes(device, [digest.digest('hex'), processor.target, threads], async () => {
    const opened = await openDevice(device.kind);
    signal?.addEventListener('abort', opened.close);
    const time = async (step: TimedStep): Promise<number> => {
      const { milliseconds } = await opened.try(trialOf(step, threads));
      return Math.min(...milliseconds.slice(1));
    };
    try {
      const least = await time(processor);
      return { processor: least, device: await time(onDevice), problem: null };
    } catch (error) {
      // What was cut short says nothing about the device.
      throwIfAborted(signal, 'a step was tried on a device');
      return { processor: 0, device: null, problem: plainMessage(messageOf(error)) };
    } finally {
      signal?.removeEventListener('abort', opened.close);
      opened.close();
    }
  });
}

const trialOf = ({ prepared: { model, binding }, target }: TimedStep, threads: number): Trial => ({
  ...{ model, binding, target, threads, runs: RUNS },
  inputs: trialInputs(binding),
});
