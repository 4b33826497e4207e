/** @file The lowering that every execution provider can run: standard ONNX operators, nothing in place, nothing internal. */
import {
  add,
  cast,
  constant,
  dequantizeLinear,
  div,
  erf,
  exp,
  floor,
  greater,
  minimum,
  mul,
  onnxOp,
  quantizeLinear,
  reduceMax,
  reduceSum,
  reshape,
  split,
  sub,
  take,
} from '../builders.js';
import { nearestIndices } from '../resampling.js';
import type { Tensor, TensorType } from '../tensor.js';
import {
  depthwiseInputGrad,
  depthwiseWeightGrad,
  pointwiseInputGrad,
  pointwiseWeightGrad,
  transposedConvInputGrad,
  unfoldedWeightGrad,
} from './convolution.js';
import { crossEntropyGradient, spelledCrossEntropy } from './cross-entropy.js';
import { batchNormGradient, decomposedBatchNorm } from './normalization.js';
import { firstOf, type LoweringRule, type LoweringTable } from './table.js';

/** Steep hard sigmoid: several times faster than Greater and Cast, exact for |x| ≥ 1e-30. No half is as steep. */
const steepHardSigmoid: LoweringRule<'positive'> = ({ outputs }, [x]) =>
  x!.dtype === 'float32'
    ? onnxOp('HardSigmoid', [x!], outputs, { alpha: { float: 1e30 }, beta: { float: 0 } })
    : [cast(greater(x!, 0), x!.dtype)];

/** d gelu(x) = Φ(x) + x·φ(x), with a = x/√2 in nine passes: Φ = (1 + erf a)/2 is a hard sigmoid, x·φ(x) = a·exp(−ln √π − a²). */
const geluGradient: LoweringRule<'geluGrad'> = (_, [dy, x]) => {
  const a = mul(x!, Math.SQRT1_2);
  const half = { alpha: { float: 0.5 }, beta: { float: 0.5 } };
  const cumulative = onnxOp('HardSigmoid', [erf(a)], [x!], half)[0]!;
  const weighted = mul(a, exp(sub(-Math.log(Math.sqrt(Math.PI)), mul(a, a))));
  return [mul(dy!, add(weighted, cumulative))];
};

/** The kernel of Softmax is several times slower than its parts where the values of a sum do not lie side by side. */
const stridedSoftmax: LoweringRule<'softmax'> = ({ attributes: { axis } }, [x]) => {
  if (axis === x!.rank - 1) return undefined;
  const along = { axes: [axis], keepDims: true };
  const powers = exp(sub(x!, reduceMax(x!, along)));
  return [div(powers, reduceSum(powers, along))];
};

/** Whole factors map to Resize; others pick rows and columns, because Resize rounds its scale. */
const nearestResize: LoweringRule<'resizeNearest'> = ({ attributes: { size } }, [x]) => {
  const [h, w] = [x!.shape[2]!, x!.shape[3]!];
  if (size[0] % h === 0 && size[1] % w === 0) return undefined;
  return [take(take(x!, 2, nearestIndices(h, size[0])), 3, nearestIndices(w, size[1]))];
};

/**
 * The values above the wanted one and its two neighbours are selected, not sorted; the two are the least of the selected.
 * How many are selected changes from run to run, which no shape inside the graph may do, except between two literal
 * operators: the first claims to give all of x.
 */
const quantileBySelection: LoweringRule<'upperQuantile'> = ({ outputs }, [x, share]) => {
  const [n] = x!.shape as [number];
  if (n === 1) return [reshape(x!, outputs[0]!.shape)];
  const rank = mul(share!, n - 1);
  const whole = minimum(floor(rank), n - 2);
  const count = cast(reshape(add(whole, 2), [1]), 'int64');
  const indices = (length: number): TensorType => ({ dtype: 'int64', shape: [length] });
  const [selected] = onnxOp('TopK', [x!, count], [x!, indices(n)], { sorted: { int: 0 } });
  const two: TensorType = { dtype: 'float32', shape: [2] };
  const [least] = onnxOp('TopK', [selected!, constant([2], [1], 'int64')], [two, indices(2)], {
    largest: { int: 0 },
    sorted: { int: 1 },
  });
  const [below, above] = split(least!, [1, 1], 0).map((part) => reshape(part, [])) as [Tensor, Tensor];
  return [add(above, mul(sub(below, above), sub(rank, whole)))];
};

const quantizedAndBack: LoweringRule<'fakeQuantize'> = ({ attributes: { axis } }, [x, scale, zero]) => [
  dequantizeLinear(quantizeLinear(x!, scale!, zero!, axis), scale!, zero!, axis),
];

/** Every operator that ONNX lacks, in operators that ONNX Runtime has on every machine. */
export const plainLowering: LoweringTable = {
  positive: steepHardSigmoid,
  geluGrad: geluGradient,
  softmax: stridedSoftmax,
  resizeNearest: nearestResize,
  upperQuantile: quantileBySelection,
  fakeQuantize: quantizedAndBack,
  convInputGrad: firstOf(pointwiseInputGrad, depthwiseInputGrad, transposedConvInputGrad),
  convWeightGrad: firstOf(pointwiseWeightGrad, depthwiseWeightGrad, unfoldedWeightGrad),
  batchNorm: decomposedBatchNorm,
  batchNormGrad: batchNormGradient,
  crossEntropy: spelledCrossEntropy,
  crossEntropyGrad: crossEntropyGradient,
};
