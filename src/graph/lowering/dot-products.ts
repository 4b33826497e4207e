/** @file Sums of products as matrix products, which never store the products. */
import { matMul, reduceSum, reshape } from '../builders.js';
import { type AnyNode, sameShape, sizeOf } from '../tensor.js';
import type { LoweringRule } from './table.js';

/** Shorter products cost more to set up than they save; from here on they are up to twice as fast as Mul and ReduceSum. */
const MIN_LENGTH = 4096;

/** Σ a·b over trailing axes (and any others): one dot product per leading index, then the sum over what is left. */
export const sumOfProducts: LoweringRule<'reduceSum'> = ({ attributes: { axes }, outputs }, [product]) => {
  const node = product!.node as AnyNode;
  // Only floats have a matrix product.
  if (node.op !== 'mul' || product!.dtype !== 'float32') return undefined;
  const [a, b] = node.inputs as [typeof product, typeof product];
  const shape = product!.shape;
  if (!sameShape(a!.shape, shape) || !sameShape(b!.shape, shape)) return undefined;
  // As few axes as make the product long enough, so that many products can share the threads.
  let start = shape.length;
  while (start > 0 && axes.includes(start - 1) && sizeOf(shape.slice(start)) < MIN_LENGTH) start -= 1;
  const length = sizeOf(shape.slice(start));
  if (length < MIN_LENGTH) return undefined;
  const lead = shape.slice(0, start);
  const rows = [sizeOf(lead), 1, length];
  const dots = reshape(matMul(reshape(a!, rows), reshape(b!, rows), { transB: true }), lead);
  return [reshape(reduceSum(dots, { axes: axes.filter((axis) => axis < start) }), outputs[0]!.shape)];
};
