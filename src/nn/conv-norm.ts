/** @file Convolution, batch norm and activation, the unit that convolutional networks repeat. */
import { add, mul, relu, reshape, sigmoid } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { type BatchNormOptions, batchNorm, batchNormAffine } from './batch-norm.js';
import {
  applyConvolution,
  type ConvolutionOptions,
  convolution,
  convolutionBias,
  convolutionWeight,
} from './convolution.js';
import { groupNorm } from './group-norm.js';
import type { Scope } from './scope.js';

/** What follows a normalisation. */
export type Activation = 'none' | 'relu' | 'sigmoid';

/**
 * Convolution under `convScope`, then batch norm under `normScope`. In evaluation mode both are one
 * convolution whose weight and bias carry the normalisation, so that no pass over the feature map is spent on it.
 */
export function convNorm(
  convScope: Scope,
  normScope: Scope,
  x: Tensor,
  options: ConvolutionOptions,
  norm: BatchNormOptions = {},
): Tensor {
  if (convScope.training) return batchNorm(normScope, convolution(convScope, x, options), norm);
  return convScope.trace(() => {
    const weight = convolutionWeight(convScope, x, options);
    const bias = convolutionBias(convScope, weight, options);
    const { scale, shift } = batchNormAffine(normScope, options.channels, norm.gain);
    const foldedWeight = mul(weight, reshape(scale, [options.channels, 1, 1, 1]));
    const foldedBias = bias ? add(mul(bias, scale), shift) : shift;
    return applyConvolution(x, foldedWeight, foldedBias, options);
  });
}

/** A convolution with what follows it. */
export interface ConvModuleOptions extends ConvolutionOptions {
  /** Default `relu`. */
  readonly activation?: Activation;
  /**
   * Between convolution and activation: `batch` norm (`bn`), `group` norm with 32 groups (`gn`), or `none`, and then the
   * convolution has a bias. Default `batch`.
   */
  readonly norm?: 'batch' | 'group' | 'none';
}

const GROUPS = 32;

/**
 * Convolution (`conv`), optional normalisation and activation, initialised by Kaiming normal (fan-out):
 * the building block that the reference calls ConvModule.
 */
export function convModule(scope: Scope, x: Tensor, options: ConvModuleOptions): Tensor {
  const { activation = 'relu', norm = 'batch', ...geometry } = options;
  const details: ConvolutionOptions = { ...geometry, bias: norm === 'none', init: 'kaimingNormal' };
  let y: Tensor;
  if (norm === 'batch') y = convNorm(scope.child('conv'), scope.child('bn'), x, details);
  else y = convolution(scope.child('conv'), x, details);
  if (norm === 'group') y = groupNorm(scope.child('gn'), y, GROUPS);
  return scope.trace(() => activate(y, activation));
}

/** Depthwise 3x3 with batch norm and no activation, then pointwise with batch norm and ReLU. */
export function depthwiseSeparable(scope: Scope, x: Tensor, channels: number): Tensor {
  const spatial = convModule(scope.child('depthwise_conv'), x, {
    channels: x.shape[1]!,
    kernel: 3,
    depthwise: true,
    activation: 'none',
  });
  return convModule(scope.child('pointwise_conv'), spatial, { channels });
}

function activate(x: Tensor, activation: Activation): Tensor {
  if (activation === 'relu') return relu(x);
  return activation === 'sigmoid' ? sigmoid(x) : x;
}
