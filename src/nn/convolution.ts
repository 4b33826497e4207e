/** @file 2-D convolution with its variables `weight` and, where wanted, `bias`. */
import { conv } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { constantInit, fanInBias, kaimingNormal, kaimingUniform } from './initializers.js';
import type { Initializer, Scope } from './scope.js';

export interface ConvolutionOptions {
  /** Output channels. */
  readonly channels: number;
  /** Square kernel size; the padding keeps the size at stride 1. Default 1. */
  readonly kernel?: number;
  /** Default 1. */
  readonly stride?: number;
  /** One filter per channel (`channels` must equal the input's). Default false. */
  readonly depthwise?: boolean;
  /** Default false. */
  readonly bias?: boolean;
  /**
   * `kaimingNormal`: fan-out normal with zero bias; `kaimingUniform`: the usual framework default, bias included.
   * Default `kaimingUniform`.
   */
  readonly init?: 'kaimingNormal' | 'kaimingUniform';
}

/** x [N, C, H, W] → [N, channels, ⌈H/stride⌉, ⌈W/stride⌉] for odd kernels. */
export function convolution(scope: Scope, x: Tensor, options: ConvolutionOptions): Tensor {
  return scope.trace(() => {
    const weight = convolutionWeight(scope, x, options);
    const bias = options.bias
      ? scope.parameter('bias', [options.channels], biasInit(weight, options))
      : undefined;
    return applyConvolution(x, weight, bias, options);
  });
}

/** The variable `weight` [channels, C or 1, k, k] alone, for callers that change it before use. */
export function convolutionWeight(scope: Scope, x: Tensor, options: ConvolutionOptions): Tensor {
  const kernel = options.kernel ?? 1;
  const shape = [options.channels, options.depthwise ? 1 : x.shape[1]!, kernel, kernel];
  const init = options.init === 'kaimingNormal' ? kaimingNormal : kaimingUniform;
  return scope.parameter('weight', shape, init);
}

/** The convolution itself on given weights. */
export function applyConvolution(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: ConvolutionOptions,
): Tensor {
  return conv(x, weight, {
    stride: options.stride ?? 1,
    padding: ((options.kernel ?? 1) - 1) / 2,
    groups: options.depthwise ? x.shape[1]! : 1,
    bias,
  });
}

function biasInit(weight: Tensor, options: ConvolutionOptions): Initializer {
  return options.init === 'kaimingNormal' ? constantInit(0) : fanInBias(weight.shape);
}
