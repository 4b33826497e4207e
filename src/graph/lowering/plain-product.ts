/** @file Products of matrices as the ONNX standard has them. */
import { matMul, mul, transpose } from '../builders.js';
import type { Tensor } from '../tensor.js';
import type { LoweringRule } from './table.js';

/** A product that transposes or scales by itself is an operator of ONNX Runtime alone. */
export const plainProduct: LoweringRule<'matMul'> = ({ attributes: { transA, transB, alpha } }, [a, b]) => {
  if (!transA && !transB && alpha === 1) return undefined;
  const product = matMul(transA ? turned(a!) : a!, transB ? turned(b!) : b!);
  return [alpha === 1 ? product : mul(product, alpha)];
};

/** The last two axes exchanged. */
function turned(x: Tensor): Tensor {
  const axes = x.shape.map((_, i) => i);
  return transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]);
}
