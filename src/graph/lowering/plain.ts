/** @file The lowering that every execution provider can run: standard ONNX operators, nothing in place, nothing internal. */
import { add, erf, exp, mul, onnxOp, take } from '../builders.js';
import { nearestIndices } from '../resampling.js';
import {
  depthwiseInputGrad,
  depthwiseWeightGrad,
  pointwiseInputGrad,
  pointwiseWeightGrad,
  transposedConvInputGrad,
  unfoldedWeightGrad,
} from './convolution.js';
import { batchNormGradient, decomposedBatchNorm } from './normalization.js';
import { firstOf, type LoweringRule, type LoweringTable } from './table.js';

/** Steep hard sigmoid: several times faster than Greater and Cast, exact for |x| ≥ 1e-30. */
const steepHardSigmoid: LoweringRule<'positive'> = ({ outputs }, [x]) =>
  onnxOp('HardSigmoid', [x!], outputs, { alpha: { float: 1e30 }, beta: { float: 0 } });

/** d gelu(x) = Φ(x) + x·φ(x) */
const geluGradient: LoweringRule<'geluGrad'> = (_, [dy, x]) => {
  const cumulative = mul(add(erf(mul(x!, Math.SQRT1_2)), 1), 0.5);
  const density = mul(exp(mul(mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return [mul(dy!, add(cumulative, mul(x!, density)))];
};

/** Whole factors map to Resize; others pick rows and columns, because Resize rounds its scale. */
const nearestResize: LoweringRule<'resizeNearest'> = ({ attributes: { size } }, [x]) => {
  const [h, w] = [x!.shape[2]!, x!.shape[3]!];
  if (size[0] % h === 0 && size[1] % w === 0) return undefined;
  return [take(take(x!, 2, nearestIndices(h, size[0])), 3, nearestIndices(w, size[1]))];
};

export const plainLowering: LoweringTable = {
  positive: steepHardSigmoid,
  geluGrad: geluGradient,
  resizeNearest: nearestResize,
  convInputGrad: firstOf(pointwiseInputGrad, depthwiseInputGrad, transposedConvInputGrad),
  convWeightGrad: firstOf(pointwiseWeightGrad, depthwiseWeightGrad, unfoldedWeightGrad),
  batchNorm: decomposedBatchNorm,
  batchNormGrad: batchNormGradient,
};
