/** @file The weights of a safetensors file that is in memory, halves as float32. Nothing of Node is in it. */

import { OtxError } from '../base/errors.js';
import { decodeElements } from './element-types.js';
import { checkHeaderBytes, PREFIX_BYTES, parseSafetensorsHeader } from './safetensors.js';
import type { WeightTensor } from './stored-tensor.js';
import { isTrainingState } from './training-state.js';
import { Unusable } from './unusable.js';

/**
 * @param source name for messages.
 * @throws OtxError `checkpoint` for a file that is none, or is damaged.
 */
export function weightsOfBytes(file: Uint8Array, source: string): ReadonlyMap<string, WeightTensor> {
  try {
    const bodyStart = PREFIX_BYTES + checkHeaderBytes(file.subarray(0, PREFIX_BYTES), file.length);
    const body = file.subarray(bodyStart);
    const header = parseSafetensorsHeader(file.subarray(PREFIX_BYTES, bodyStart), body.length);
    const tensors = new Map<string, WeightTensor>();
    for (const { name, type, shape, begin, bytes } of header.entries) {
      if (isTrainingState(name)) continue;
      // A copy, since typed arrays start at multiples of their element size.
      const data = decodeElements(type, new Uint8Array(body.subarray(begin, begin + bytes)).buffer);
      tensors.set(name, { shape, data });
    }
    return tensors;
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    throw new OtxError('checkpoint', `${source}: not a usable safetensors file (${error.message})`, {
      cause: error,
    });
  }
}
