/** @file Every provider's sessions, by the name that a target has. */
import type { StepBinding } from '../protocol.js';
import type { SessionSettings, SessionTarget } from '../settings.js';
import { cudaSessions, webgpuSessions } from './device.js';
import { fusedSessions } from './fused.js';
import type { Placement, SessionProvider, StepSession } from './session.js';
import { stockSessions } from './stock.js';

const providers: {
  readonly [P in SessionTarget['provider']]: SessionProvider<Extract<SessionTarget, { provider: P }>>;
} = {
  stock: stockSessions,
  fused: fusedSessions,
  webgpu: webgpuSessions,
  cuda: cudaSessions,
};

/** A session for a target, and where it wants its state; blocks the thread. */
export async function createStepSession(
  model: Uint8Array,
  settings: SessionSettings,
  target: SessionTarget,
  binding: StepBinding,
): Promise<{ readonly session: StepSession; readonly placement: Placement }> {
  const { placement, createSession } = providers[target.provider] as SessionProvider;
  return { session: await createSession(model, settings, target, binding), placement };
}
