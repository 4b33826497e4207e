/** @file Convolution, batch norm and activation, the unit that convolutional networks repeat. */
import { mul, relu, reshape, sigmoid } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { type BatchNormOptions, batchNorm, batchNormAffine } from './batch-norm.js';
import { applyConvolution, type ConvolutionOptions, convolution, convolutionWeight } from './convolution.js';
import type { Scope } from './scope.js';

export type Activation = 'none' | 'relu' | 'sigmoid';

/**
 * Bias-free convolution under `convScope`, then batch norm under `normScope`. In evaluation mode both are one
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
    const { scale, shift } = batchNormAffine(normScope, options.channels, norm.gain);
    const folded = mul(weight, reshape(scale, [options.channels, 1, 1, 1]));
    return applyConvolution(x, folded, shift, options);
  });
}

export interface ConvModuleOptions extends ConvolutionOptions {
  /** Default `relu`. */
  readonly activation?: Activation;
  /** Batch norm between convolution and activation; without it the convolution has a bias. Default true. */
  readonly norm?: boolean;
}

/**
 * Convolution (`conv`), optional batch norm (`bn`) and activation, initialised by Kaiming normal (fan-out):
 * the building block that the reference calls ConvModule.
 */
export function convModule(scope: Scope, x: Tensor, options: ConvModuleOptions): Tensor {
  const { activation = 'relu', norm = true, ...geometry } = options;
  const details: ConvolutionOptions = { ...geometry, bias: !norm, init: 'kaimingNormal' };
  const y = norm
    ? convNorm(scope.child('conv'), scope.child('bn'), x, details)
    : convolution(scope.child('conv'), x, details);
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
