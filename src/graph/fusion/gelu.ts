/** @file GELU and its gradient, each as one operator. */
import type { Tensor } from '../tensor.js';
import { fusedOp, fuseWith } from './matching.js';

export function fuseGelu(outputs: readonly Tensor[]): Tensor[] {
  return fuseWith(outputs, (node, { current }) => {
    if (node.op === 'gelu') return fusedOp('Gelu', node.inputs.map(current), node.outputs);
    if (node.op === 'geluGrad') return fusedOp('GeluGrad', node.inputs.map(current), node.outputs);
    return undefined;
  });
}
