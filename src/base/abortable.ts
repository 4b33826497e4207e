/** @file Waiting that an AbortSignal can cut short. */
import { OtxError } from './errors.js';

/** @throws OtxError `aborted` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, activity: string): void {
  if (signal?.aborted) throw new OtxError('aborted', `stopped while ${activity}`);
}

/**
 * Lets signals, timers and answers in between two pieces of work that block the thread.
 *
 * @throws OtxError `aborted` when the signal has fired.
 */
export async function breathe(signal: AbortSignal | undefined, activity: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  throwIfAborted(signal, activity);
}

/**
 * The promise's result, or an OtxError `aborted` as soon as the signal fires. The work behind the promise goes on.
 * @param activity what was going on, for the message.
 */
export async function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  activity: string,
): Promise<T> {
  if (!signal) return promise;
  // After an abort nobody waits for the promise any more, so its failure must not count as unhandled.
  promise.catch(() => {});
  const aborted = () => new OtxError('aborted', `stopped while ${activity}`);
  if (signal.aborted) throw aborted();
  let onAbort = () => {};
  const fired = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, fired]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
