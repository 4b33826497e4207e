/** @file Ends a training when its caller asks for it. */

import type { SteeredRun, Steering } from './steering-part.js';

export function onRequest({ isEndAsked }: SteeredRun): Steering {
  const answer = () => (isEndAsked() ? ('callback' as const) : undefined);
  return { afterStep: answer, afterEpoch: answer };
}
