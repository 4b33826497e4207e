import { expect, it } from 'vitest';
import { crossEntropy } from '../../losses/index.js';
import {
  type AnyNode,
  add,
  gradients,
  input,
  mul,
  optimize,
  reachableNodes,
  reduceSum,
  resizeBilinear,
  type Tensor,
} from '../index.js';
import { fuseLayers } from './fuse.js';

const x = input('x', 'float32', [2, 3, 4, 6]);
const labels = (height: number, width: number) => input('labels', 'uint8', [2, height, width]);

/** Operators of the library in the graph of a loss and its gradient in x, and whether it has anything as large as the labels. */
function fused(loss: Tensor, others: readonly Tensor[] = []) {
  const outputs = fuseLayers(optimize([loss, ...gradients(loss, [x]), ...others]));
  const nodes = reachableNodes(outputs) as AnyNode[];
  const large = nodes.some(({ outputs: [y] }) => y?.shape[1] === 3 && y.shape[2]! > 4);
  return { names: nodes.flatMap((node) => (node.op === 'onnx' ? [node.attributes.opType] : [])), large };
}

const alone = { names: ['ResizedCrossEntropy'], large: false };
const none = { names: [], large: true };
const resized = (height: number, width: number, alignCorners = false) =>
  crossEntropy(resizeBilinear(x, [height, width], alignCorners), labels(height, width));

it('the loss of enlarged logits and its gradient are one operator, and nothing is large', () => {
  expect(fused(resized(16, 24))).toEqual(alone);
  expect(fused(resized(12, 12))).toEqual(alone);
  expect(fused(mul(resized(8, 12), input('weight', 'float32', [])))).toEqual(alone);
  const weighted = crossEntropy(resizeBilinear(x, [8, 12]), labels(8, 12), [1, 2, 0.5]);
  expect(fused(weighted)).toEqual(alone);
});

it('others that look at the large logits get them all the same', () => {
  const logits = resizeBilinear(x, [8, 12]);
  expect(fused(crossEntropy(logits, labels(8, 12)), [logits])).toEqual({ ...alone, large: true });
});

it.each([
  ['of another factor', resized(10, 12)],
  ['smaller than the logits', crossEntropy(resizeBilinear(x, [2, 3]), labels(2, 3))],
  ['with aligned corners', resized(8, 12, true)],
])('enlargements %s stay what they are', (_, loss) => {
  expect(fused(loss).names).toEqual([]);
});

it('nothing is taken apart that others add a gradient to, or without a gradient', () => {
  const logits = resizeBilinear(x, [8, 12]);
  expect(fused(add(crossEntropy(logits, labels(8, 12)), reduceSum(mul(logits, logits))))).toEqual(none);
  const names = reachableNodes(fuseLayers([resized(8, 12)])).map(({ op }) => op);
  expect(names).toContain('crossEntropy');
});
