/**
 * @file `otx/graph`, the graph compiler as a library of its own: build expressions of symbolic tensors, differentiate, print,
 * write them as ONNX files, and run them on ONNX Runtime. docs/graph.md is its guide. Knows nothing of images.
 */

export { type ErrorCode, OtxError } from './base/errors.js';
export {
  type CompiledModel,
  type CompiledStep,
  type CompileOptions,
  createEngine,
  type Engine,
  type EngineChoice,
  type EngineOptions,
  type RunResult,
  type RunTogether,
  type SharedNorms,
  type SharedRunResult,
  type StepInputs,
} from './engine/engine.js';
export type { ModelValue, ReduceRequest, TensorValue } from './engine/protocol.js';
export { run } from './engine/run.js';
export type { DeviceWish, EngineKind, EngineWish, MemoryMode, Precision } from './engine/settings.js';
export {
  layoutOf,
  type Pack,
  type PackEntry,
  type PackLayout,
  packOf,
  StepBuilder,
  type StepGraph,
  type StepPack,
} from './engine/step.js';
export * from './graph/builders.js';
export { gradients } from './graph/gradients.js';
export type { ImportedUpdate } from './graph/import/call.js';
export {
  type ImportedModel,
  type ImportedWeight,
  type ImportOptions,
  importModel,
} from './graph/import/import-model.js';
export { plainLowering } from './graph/lowering/plain.js';
export { type LoweringRule, type LoweringTable, lower } from './graph/lowering/table.js';
export type { ModelDescription } from './graph/onnx/serialize.js';
export { serializeModel } from './graph/onnx/serialize-model.js';
export type { IsHalf, WeightPrecision } from './graph/onnx/stored-weights.js';
export type { SubexpressionOptions } from './graph/passes/common-subexpressions.js';
export { optimize } from './graph/passes/optimize.js';
export { printGraph, printNode } from './graph/print.js';
export {
  type AnyNode,
  type DType,
  formatType,
  type Node,
  type Phase,
  reachableNodes,
  type Shape,
  sameShape,
  sizeOf,
  Tensor,
  type TensorData,
  type TensorType,
  withScope,
} from './graph/tensor.js';
export type {
  ConvAttributes,
  CrossEntropyAttributes,
  None,
  OnnxAttribute,
  OpAttributes,
  OpName,
  PoolAttributes,
  ReduceAttributes,
} from './graph/vocabulary.js';
