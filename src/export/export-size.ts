/** @file The input size of an exported file, which may be any. */

import { OtxError } from '../base/errors.js';
import type { Size } from '../data/index.js';
import { loadTrainedModel, type TrainedModel, type TrainedModelOptions } from '../inference/trained-model.js';

/** The networks halve their input at least five times: below this, nothing is left to be halved. */
const SHORTEST_SIDE = 32;
const LONGEST_SIDE = 8192;

/** @throws OtxError `usage` */
export function checkInputSize({ width, height }: Size): void {
  for (const side of [width, height]) {
    if (Number.isInteger(side) && side >= SHORTEST_SIDE && side <= LONGEST_SIDE) continue;
    throw new OtxError(
      'usage',
      `the input size is ${width}x${height}; width and height are whole numbers from ${SHORTEST_SIDE} to ${LONGEST_SIDE}`,
    );
  }
}

/** A model with its input exactly as large as asked for, where that is no setting. @throws OtxError `checkpoint`, `usage` */
export async function loadSized({
  inputSize,
  ...options
}: Omit<TrainedModelOptions, 'inputSize'> & {
  readonly inputSize?: Size | string | undefined;
}): Promise<TrainedModel> {
  const isExact = typeof inputSize === 'object';
  const trained = await loadTrainedModel({ ...options, inputSize: isExact ? undefined : inputSize });
  return isExact ? { ...trained, inputSize } : trained;
}
