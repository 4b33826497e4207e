/**
 * @file `otx/nn`, the layers for networks of one's own: functions over a scope, which asks for variables by name, and symbolic
 * tensors of `otx/graph`. examples/own-model.ts shows one.
 */

export { type BatchNormOptions, batchNorm } from './nn/batch-norm.js';
export {
  type Activation,
  type ConvModuleOptions,
  convModule,
  convNorm,
  depthwiseSeparable,
} from './nn/conv-norm.js';
export { type ConvolutionOptions, convolution } from './nn/convolution.js';
export { dropout2d } from './nn/dropout.js';
export {
  constantInit,
  fanInNormal,
  fanOutNormal,
  kaimingNormal,
  kaimingUniform,
  normalInit,
  uniformInit,
} from './nn/initializers.js';
export { layerNorm } from './nn/layer-norm.js';
export { type LinearOptions, linear } from './nn/linear.js';
export type {
  BufferUpdate,
  Initializer,
  NoiseSpec,
  Scope,
  VariableSpec,
  VariableStore,
} from './nn/scope.js';
