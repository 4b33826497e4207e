/** @file 2-D convolution with its variables `weight` and, where wanted, `bias`. */
import { conv } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { constantInit, fanInBias, fanOutNormal, kaimingNormal, kaimingUniform } from './initializers.js';
import type { Initializer, Scope } from './scope.js';

/** Form of a convolution. */
export interface ConvolutionOptions {
  /** Output channels. */
  readonly channels: number;
  /** Kernel size, a number or [height, width], odd; the padding keeps the size at stride 1. Default 1. */
  readonly kernel?: number | readonly [number, number];
  /** Default 1. */
  readonly stride?: number;
  /** One filter per channel (`channels` must equal the input's). Default false. */
  readonly depthwise?: boolean;
  /** Default false. */
  readonly bias?: boolean;
  /**
   * `kaimingNormal`: fan-out normal with zero bias; `fanOutNormal`: the same with groups divided out of the fan-out;
   * `kaimingUniform`: the usual framework default, bias included. Default `kaimingUniform`.
   */
  readonly init?: 'kaimingNormal' | 'fanOutNormal' | 'kaimingUniform';
}

/** x [N, C, H, W] → [N, channels, ⌈H/stride⌉, ⌈W/stride⌉] for odd kernels. */
export function convolution(scope: Scope, x: Tensor, options: ConvolutionOptions): Tensor {
  return scope.trace(() => {
    const weight = convolutionWeight(scope, x, options);
    return applyConvolution(x, weight, convolutionBias(scope, weight, options), options);
  });
}

/** The variable `weight` [channels, C or 1, k, k] alone, for callers that change it before use. */
export function convolutionWeight(scope: Scope, x: Tensor, options: ConvolutionOptions): Tensor {
  const shape = [options.channels, options.depthwise ? 1 : x.shape[1]!, ...kernelSize(options)];
  return scope.parameter('weight', shape, weightInit(options));
}

/** The variable `bias` [channels], or undefined for a convolution without. */
export function convolutionBias(
  scope: Scope,
  weight: Tensor,
  { bias, channels, init }: ConvolutionOptions,
): Tensor | undefined {
  if (!bias) return undefined;
  const uniform = (init ?? 'kaimingUniform') === 'kaimingUniform';
  return scope.parameter('bias', [channels], uniform ? fanInBias(weight.shape) : constantInit(0));
}

/** The convolution itself on given weights. */
export function applyConvolution(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  options: ConvolutionOptions,
): Tensor {
  const [height, width] = kernelSize(options);
  return conv(x, weight, {
    stride: options.stride ?? 1,
    padding: [(height - 1) / 2, (width - 1) / 2],
    groups: options.depthwise ? x.shape[1]! : 1,
    bias,
  });
}

function kernelSize({ kernel = 1 }: ConvolutionOptions): readonly [number, number] {
  return typeof kernel === 'number' ? [kernel, kernel] : kernel;
}

function weightInit({ init, depthwise, channels }: ConvolutionOptions): Initializer {
  if (init === 'kaimingNormal') return kaimingNormal;
  return init === 'fanOutNormal' ? fanOutNormal(depthwise ? channels : 1) : kaimingUniform;
}
