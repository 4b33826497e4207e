/**
 * @file Public face of the graph layer: build symbolic expressions, differentiate, optimise, lower and print them.
 * Knows nothing of images or of the runtime.
 */
export * from './builders.js';
export { gradients } from './gradients.js';
export type { ImportedUpdate } from './import/call.js';
export {
  type ImportedModel,
  type ImportedWeight,
  type ImportOptions,
  importModel,
} from './import/import-model.js';
export { blockedDense } from './lowering/blocked-dense.js';
export { blockedDepthwise } from './lowering/blocked-depthwise.js';
export type { BlockSize } from './lowering/blocked-layout.js';
export { blockedPool } from './lowering/blocked-pool.js';
export { sumOfProducts } from './lowering/dot-products.js';
export { gpuLowering, gpuProducts } from './lowering/gpu.js';
export { blockedBatchNormGradient, kernelBatchNorm } from './lowering/normalization.js';
export { plainLowering } from './lowering/plain.js';
export { plainProduct } from './lowering/plain-product.js';
export { poolByInterpolation, poolByProduct, resizeByDoubling } from './lowering/spatial-resampling.js';
export { firstOf, type LoweringRule, type LoweringTable, lower } from './lowering/table.js';
export type { ModelDescription } from './onnx/serialize.js';
export { serializeModel } from './onnx/serialize-model.js';
export { type Halves, mixedPrecision } from './passes/mixed-precision.js';
export { optimize } from './passes/optimize.js';
export { peakMemory } from './passes/peak-memory.js';
export { recomputeCopies } from './passes/recompute.js';
export { recomputeActivations } from './passes/recompute-activations.js';
export { printGraph, printNode } from './print.js';
export { convOutputSize } from './shape-rules.js';
export {
  type AnyNode,
  bytesOf,
  createNode,
  type DType,
  formatType,
  type Node,
  reachableNodes,
  type Shape,
  sameShape,
  sizeOf,
  Tensor,
  type TensorData,
  type TensorType,
  withScope,
} from './tensor.js';
export type { ConvAttributes, OnnxAttribute, OpAttributes, OpName } from './vocabulary.js';
