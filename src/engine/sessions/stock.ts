/** @file Sessions of ONNX Runtime as it comes. */
import { createSession, type OrtTensor, toOrtTensor } from '../runtime.js';
import { hostPlacement, withHostStates } from './host.js';
import type { SessionProvider, Value } from './session.js';

export const stockSessions: SessionProvider = {
  placement: hostPlacement,
  createSession: async (model, settings) => {
    const session = await createSession(model, settings);
    const tensors = (values: readonly Value[]): Record<string, OrtTensor> =>
      Object.fromEntries(
        values.map(({ name, dtype, shape, data }) => [name, toOrtTensor(dtype, data, shape)]),
      );
    return withHostStates({
      run: async (inputs, outputs) => {
        await session.run(tensors(inputs), tensors(outputs));
      },
      release: async () => {
        if (settings.profile !== undefined) session.endProfiling();
        await session.release();
      },
    });
  },
};
