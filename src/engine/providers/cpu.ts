/**
 * @file Which lowering is used where on ONNX Runtime's CPU provider, and why. Everything not named here is written as the
 * plain lowering has it. Compare alternatives with `npm run bench:operators`.
 */
import {
  type BlockSize,
  blockedBatchNormGradient,
  blockedDense,
  blockedDepthwise,
  blockedPool,
  firstOf,
  kernelBatchNorm,
  type LoweringTable,
  plainLowering,
  poolByInterpolation,
  poolByProduct,
  resizeByDoubling,
  sumOfProducts,
} from '../../graph/index.js';

/** What the runtime on this processor was found to do (see probe.ts). */
export interface CpuCapabilities {
  /** Channels per block of the internal blocked layout; undefined where it does not work as expected. */
  readonly block?: BlockSize;
}

/** Standard operators only: what every build of the runtime can do. */
export const PLAIN_CPU: CpuCapabilities = {};

/**
 * The lowering for one graph. Call it anew for every graph: rules number what they create.
 * @param capabilities default {@link PLAIN_CPU}
 */
export function cpuLowering({ block }: CpuCapabilities = PLAIN_CPU): LoweringTable {
  const standard: LoweringTable = {
    ...plainLowering,
    batchNorm: kernelBatchNorm(),
    averagePool: firstOf(poolByInterpolation, poolByProduct),
    resizeNearest: firstOf(resizeByDoubling, plainLowering.resizeNearest!),
    reduceSum: sumOfProducts,
  };
  if (block === undefined) return standard;
  const depthwise = blockedDepthwise(block);
  const dense = blockedDense(block);
  return {
    ...standard,
    averagePool: firstOf(blockedPool(block), standard.averagePool!),
    batchNormGrad: firstOf(blockedBatchNormGradient(block), plainLowering.batchNormGrad!),
    conv: firstOf(depthwise.forward, dense.forward),
    convInputGrad: firstOf(depthwise.inputGrad, dense.inputGrad, plainLowering.convInputGrad!),
    convWeightGrad: firstOf(depthwise.weightGrad, plainLowering.convWeightGrad!),
  };
}
