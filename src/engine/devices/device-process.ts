/**
 * @file The process in which a device is tried. A driver that is broken, or runs out of memory, ends this process and not the
 * training; its caller reads the reason off what comes back, or off nothing coming back.
 */
import { messageOf } from '../../base/errors.js';
import { createStepSession } from '../sessions/session-providers.js';
import type { Trial, TrialReply, TrialRequest, TrialResult } from './protocol.js';
import { runTrial } from './run-trial.js';

async function run({ model, binding, inputs, target, threads, runs }: Trial): Promise<TrialResult> {
  const { session, placement } = await createStepSession(model, { threads, rewrite: false }, target, binding);
  try {
    return await runTrial({ session, placement, binding }, inputs, runs);
  } finally {
    await session.release();
  }
}

process.on('message', ({ id, trial }: TrialRequest) => {
  run(trial)
    .then(
      (result): TrialReply => ({ id, result }),
      (error: unknown): TrialReply => ({ id, problem: messageOf(error) }),
    )
    .then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C reaches the whole group of processes; the caller decides what becomes of this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
