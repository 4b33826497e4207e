/** @file How fast a network is on this machine. */

import { OtxError } from '../base/errors.js';
import { squareOf } from '../data/index.js';
import { createSegmentor, describe } from '../models/index.js';
import { initialState } from '../runs/state-dict.js';
import { DEFAULT_SEED } from '../templates/index.js';
import { openNetwork } from './network.js';

/** The first runs allocate. */
const WARM_UP_RUNS = 2;
const MEASURED_RUNS = 5;

/** What to measure. */
export interface SpeedOptions {
  /** Of the square input in pixels. */
  readonly side: number;
  /** Background included. */
  readonly numClasses: number;
  /** Threads of the engine. Default: all that the process may use. */
  readonly threads?: number | undefined;
  /** Stops the measurement. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Median milliseconds to segment one image with random weights: time does not depend on their values.
 *
 * @param name of a network, as in `Template.model`.
 * @throws OtxError `aborted` when the signal fired.
 */
export async function measureNetwork(
  name: string,
  { side, numClasses, threads, signal }: SpeedOptions,
): Promise<number> {
  const model = createSegmentor(name, { numClasses });
  const { variables } = describe(model, [1, 3, side, side]);
  const state = initialState(variables, DEFAULT_SEED);
  const { forward, dispose } = await openNetwork({
    model,
    state,
    inputSize: squareOf(side),
    threads,
    signal,
  });
  try {
    const image = new Float32Array(3 * side * side).fill(0.5);
    const times: number[] = [];
    for (let run = 0; run < WARM_UP_RUNS + MEASURED_RUNS; run++) {
      if (signal?.aborted) throw new OtxError('aborted', `stopped while ${name} was measured`);
      const start = performance.now();
      await forward(image);
      if (run >= WARM_UP_RUNS) times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[Math.floor(MEASURED_RUNS / 2)] as number;
  } finally {
    await dispose();
  }
}
