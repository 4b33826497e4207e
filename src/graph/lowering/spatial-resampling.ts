/** @file Pooling and nearest-neighbour resizing by operators whose kernels are fast, without a change in the result. */
import { matMul, reduceMean, reduceSum, reshape, resizeBilinear, resizeNearest } from '../builders.js';
import { nearestMatrix } from '../resampling.js';
import { createNode } from '../tensor.js';
import type { LoweringRule } from './table.js';

/** 2x2 means as linear interpolation half-way between pixels: the same sums, by a kernel made for memory speed. */
export const poolByInterpolation: LoweringRule<'averagePool'> = ({ attributes: { kernel } }, [x]) => {
  if (kernel[0] !== 2 || kernel[1] !== 2) return undefined;
  return [resizeBilinear(x!, [x!.shape[2]! / 2, x!.shape[3]! / 2])];
};

/** Larger windows: rows are summed, then columns by a product with a 0-1 matrix. The kernel of AveragePool is not vectorised. */
export const poolByProduct: LoweringRule<'averagePool'> = ({ attributes: { kernel }, outputs }, [x]) => {
  const [n, channels, h, w] = x!.shape as [number, number, number, number];
  const [kh, kw] = kernel;
  const rows = reshape(x!, [n * channels * (h / kh), kh, w]);
  if (kw === 1) return [reshape(reduceMean(rows, { axes: [1] }), outputs[0]!.shape)];
  const summed = kh === 1 ? reshape(x!, [n * channels * h, w]) : reduceSum(rows, { axes: [1] });
  const means = matMul(summed, nearestMatrix(w, w / kw), { transB: true, alpha: 1 / (kh * kw) });
  return [reshape(means, outputs[0]!.shape)];
};

/** Powers of two by repeated doubling, for which alone the kernel of Resize has a fast path. */
export const resizeByDoubling: LoweringRule<'resizeNearest'> = ({ attributes: { size } }, [x]) => {
  const [h, w] = [x!.shape[2]!, x!.shape[3]!];
  const factor = size[0] / h;
  if (factor < 4 || factor !== size[1] / w || !Number.isInteger(Math.log2(factor))) return undefined;
  return createNode('resizeNearest', [resizeNearest(x!, [size[0] / 2, size[1] / 2])], { size });
};
