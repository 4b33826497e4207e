/** @file Vectors over channels beside NCHW maps. */
import { reshape } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

/** [C] → [1, C, 1, 1], which broadcasts over maps [N, C, H, W]. */
export function perChannel(vector: Tensor): Tensor {
  return reshape(vector, [1, vector.size, 1, 1]);
}
