/**
 * @file Lets the process wait for ONNX Runtime before it ends. A thread that is torn down while native code runs on it
 * aborts the whole process ("terminate called after throwing an instance of 'Napi::Error'"), so a `process.exit` in the
 * middle of a step must wait for the end of the step, without an event loop: through shared memory.
 */

/** Two flags shared by the caller's thread and the worker. */
export type Activity = Int32Array<SharedArrayBuffer>;

const BUSY = 0;
const STOPPING = 1;
/** Longer than any step; only a thread that died inside native code takes this long. */
const LONGEST_WAIT_MS = 60_000;

const live = new Set<Activity>();

/** Registers an engine; the first one installs the wait at process exit. */
export function createActivity(): Activity {
  const activity = new Int32Array(new SharedArrayBuffer(8));
  if (live.size === 0) process.on('exit', waitForAll);
  live.add(activity);
  return activity;
}

/** The engine's thread has ended. */
export function endActivity(activity: Activity): void {
  live.delete(activity);
  if (live.size === 0) process.off('exit', waitForAll);
}

/** Called by the worker before native work; false means that the process is ending and nothing may start. */
export function enter(activity: Activity): boolean {
  Atomics.store(activity, BUSY, 1);
  if (Atomics.load(activity, STOPPING) === 0) return true;
  leave(activity);
  return false;
}

/** Called by the worker after native work. */
export function leave(activity: Activity): void {
  Atomics.store(activity, BUSY, 0);
  Atomics.notify(activity, BUSY);
}

function waitForAll(): void {
  settle(LONGEST_WAIT_MS);
}

/**
 * Lets no native work start any more, and waits for what is under way. Blocks the thread.
 *
 * @param milliseconds to wait at most for each engine.
 * @returns whether all engines are idle, so that the process may end.
 */
export function settle(milliseconds: number): boolean {
  let isIdle = true;
  for (const activity of live) {
    Atomics.store(activity, STOPPING, 1);
    if (Atomics.wait(activity, BUSY, 1, milliseconds) === 'timed-out') isIdle = false;
  }
  return isIdle;
}
