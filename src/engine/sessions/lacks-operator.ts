/** @file What is said of a step that a graphics processor cannot compute as a whole. */
import { messageOf } from '../../base/errors.js';
import type { DeviceKind } from '../settings.js';

/** The error of the runtime, which refuses to compute parts of a graph elsewhere, in words for users; other errors as they are. */
export function explained(device: DeviceKind, error: unknown): unknown {
  if (!messageOf(error).includes('fallback to CPU EP')) return error;
  return new Error(
    `${device} lacks an operator of it, and what is computed in part by the processor is slower than all of it; take the processor`,
  );
}
