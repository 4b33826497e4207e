/** @file Time that has passed. */

/** @returns seconds since the call. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
