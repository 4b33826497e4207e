/** @file Sessions of ONNX Runtime as it comes. */
import { createSession, type OrtTensor, type Session, toOrtTensor } from '../runtime.js';
import type { SessionSettings } from '../settings.js';
import { hostPlacement, withHostStates } from './host.js';
import type { SessionProvider, StepSession, Value } from './session.js';

export const stockSessions: SessionProvider = {
  placement: hostPlacement,
  createSession: async (model, settings) => arraySession(await createSession(model, settings), settings),
};

/** A session of the runtime, which reads and fills arrays of the thread. */
export function arraySession(session: Session, settings: SessionSettings): StepSession {
  const tensors = (values: readonly Value[]): Record<string, OrtTensor> =>
    Object.fromEntries(values.map(({ name, dtype, shape, data }) => [name, toOrtTensor(dtype, data, shape)]));
  return withHostStates({
    run: async (inputs, outputs) => {
      await session.run(tensors(inputs), tensors(outputs));
    },
    release: async () => {
      if (settings.profile !== undefined) session.endProfiling();
      await session.release();
    },
  });
}
