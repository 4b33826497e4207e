/** @file Batch normalisation over N, H, W with running statistics (https://arxiv.org/abs/1502.03167). */
import { OtxError } from '../base/errors.js';
import { add, batchNorm as batchNormOp, constant, div, mul, reshape, sqrt, sub } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { constantInit } from './initializers.js';
import { perChannel } from './per-channel.js';
import type { Scope } from './scope.js';

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** Where a batch norm starts. */
export interface BatchNormOptions {
  /** Constant factor on the output, folded into scale and shift. Default 1. */
  readonly gain?: number;
}

/** Scale and shift of a channel: y = x · scale + shift. */
export interface ChannelAffine {
  /** [C] */
  readonly scale: Tensor;
  /** [C] */
  readonly shift: Tensor;
}

interface BatchNormVariables {
  weight: Tensor;
  bias: Tensor;
  mean: Tensor;
  variance: Tensor;
}

function variables(scope: Scope, channels: number, gain: number): BatchNormVariables {
  const weight = scope.parameter('weight', [channels], constantInit(1));
  const bias = scope.parameter('bias', [channels], constantInit(0));
  const mean = scope.buffer('running_mean', [channels], constantInit(0));
  const variance = scope.buffer('running_var', [channels], constantInit(1));
  scope.buffer('num_batches_tracked', [], constantInit(0), 'int64');
  return {
    weight: gain === 1 ? weight : mul(weight, gain),
    bias: gain === 1 ? bias : mul(bias, gain),
    mean,
    variance,
  };
}

/**
 * Training: normalises x [N, C, H, W] by the statistics of the batch and moves the running ones by momentum 0.1
 * (the variance by its unbiased estimate). Evaluation: y = x · scale + shift from the running statistics.
 * @throws OtxError `graph` in training when a channel has a single value, which has no variance.
 */
export function batchNorm(scope: Scope, x: Tensor, options: BatchNormOptions = {}): Tensor {
  return scope.training ? trainingBatchNorm(scope, x, options) : evaluationBatchNorm(scope, x, options);
}

function trainingBatchNorm(scope: Scope, x: Tensor, { gain = 1 }: BatchNormOptions): Tensor {
  return scope.trace(() => {
    const channels = x.shape[1]!;
    const count = x.size / channels;
    if (count < 2)
      throw new OtxError(
        'graph',
        `${scope.path}: batch normalisation needs more than one value per channel in training, the input is [${x.shape}]; use a larger batch or input size`,
      );
    const { weight, bias } = variables(scope, channels, gain);
    const { y, mean, variance } = batchNormOp(x, weight, bias, EPSILON);
    const keep = (1 - MOMENTUM) ** scope.repeats;
    scope.updateBuffer('running_mean', { target: mean, keep, rate: 1 - keep });
    scope.updateBuffer('running_var', {
      target: variance,
      keep,
      rate: ((1 - keep) * count) / (count - 1),
    });
    scope.updateBuffer('num_batches_tracked', { target: constant([1], [1]), keep: 1, rate: scope.repeats });
    return y;
  });
}

function evaluationBatchNorm(scope: Scope, x: Tensor, { gain = 1 }: BatchNormOptions): Tensor {
  const { scale, shift } = batchNormAffine(scope, x.shape[1]!, gain);
  return scope.trace(() => add(mul(x, perChannel(scale)), perChannel(shift)));
}

/** The same of rows x [N, C], every column by itself. */
export function batchNormRows(scope: Scope, x: Tensor): Tensor {
  const [rows, columns] = x.shape as [number, number];
  return reshape(batchNorm(scope, reshape(x, [rows, columns, 1, 1])), [rows, columns]);
}

/** Evaluation-mode batch norm as the affine map that it is, for folding into a convolution. */
export function batchNormAffine(scope: Scope, channels: number, gain = 1): ChannelAffine {
  return scope.trace(() => {
    const { weight, bias, mean, variance } = variables(scope, channels, gain);
    const scale = div(weight, sqrt(add(variance, EPSILON)));
    return { scale, shift: sub(bias, mul(mean, scale)) };
  });
}
