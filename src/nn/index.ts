/** @file The layer library and the scopes that connect it with variables. */
export { type BatchNormOptions, batchNorm, batchNormRows } from './batch-norm.js';
export { channelHalves, shuffledConcat } from './channel-shuffle.js';
export {
  type Activation,
  type ConvModuleOptions,
  convModule,
  convNorm,
  depthwiseSeparable,
} from './conv-norm.js';
export { type ConvolutionOptions, convolution } from './convolution.js';
export { describe, type ImageModel, type ModelDescription } from './describe.js';
export { complementaryDropout, complementaryNoiseSize, dropout2d, dropPathFactors } from './dropout.js';
export { constantInit, fanInNormal, initialValue, normalInit } from './initializers.js';
export { layerNorm } from './layer-norm.js';
export { type LinearOptions, linear } from './linear.js';
export { drawNoise, type NoiseSource, noiseFrom, noiseSize, noNoise } from './noise.js';
export { perChannel } from './per-channel.js';
export {
  type BufferUpdate,
  type Initializer,
  type NoiseSpec,
  Scope,
  type VariableSpec,
  type VariableStore,
} from './scope.js';
export { ConstantStore, PackStore, type VariablePack } from './stores.js';
