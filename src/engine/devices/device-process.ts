/**
 * @file The process in which a device is tried. A driver that is broken, or runs out of memory, ends this process and not the
 * training; its caller reads the reason off what comes back, or off nothing coming back.
 */
import { messageOf } from '../../base/errors.js';
import { Packs } from '../sessions/packs.js';
import { runStep } from '../sessions/run-step.js';
import { createStepSession } from '../sessions/session-providers.js';
import type { Trial, TrialReply, TrialRequest, TrialResult } from './protocol.js';

/** Small, and nowhere zero: variances of nothing but zeros would be divided by. */
const stateValues = (size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => 0.05 * Math.sin(1.7 * i) + 0.06);

async function run({ model, binding, inputs, target, threads, runs }: Trial): Promise<TrialResult> {
  const { session, placement } = await createStepSession(model, { threads, rewrite: false }, target, binding);
  const packs = new Packs();
  try {
    for (const { name, size } of binding.packs) await packs.set(name, stateValues(size));
    const scalars = binding.scalars.map(() => 1e-6);
    const milliseconds: number[] = [];
    let result: TrialResult = { outputs: [], milliseconds };
    for (let i = 0; i < runs; i++) {
      const ran = await runStep({ session, placement, binding }, packs, inputs, scalars);
      milliseconds.push(ran.milliseconds);
      result = { outputs: ran.outputs, milliseconds };
    }
    return result;
  } finally {
    packs.clear();
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
