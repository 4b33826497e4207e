/** @file Sessions of graphics processors in Node. */
import { createDeviceSession, toOrtTensor } from '../runtime.js';
import { deviceSessions } from './device-sessions.js';
import { hostPlacement } from './host.js';
import type { SessionProvider } from './session.js';
import { arraySession } from './stock.js';

/** State stays on the card. */
export const webgpuSessions: SessionProvider = deviceSessions({
  createSession: (model, settings, locations) => createDeviceSession(model, 'webgpu', settings, locations),
  tensor: toOrtTensor,
});

/** Arrays of the thread go to the card with every run, and come back: onnxruntime-node leaves nothing on one of CUDA. */
export const cudaSessions: SessionProvider = {
  placement: hostPlacement,
  createSession: async (model, settings) =>
    arraySession(await createDeviceSession(model, 'cuda', settings), settings),
};
