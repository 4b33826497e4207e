/**
 * @file MSCAN, the backbone of SegNeXt (https://arxiv.org/abs/2209.08575): a convolutional transformer whose attention is
 * a sum of depthwise strip convolutions of several lengths. Variable names follow published checkpoints.
 */
import { add, gelu, mul, type Tensor } from '../graph/index.js';
import {
  batchNorm,
  type ConvolutionOptions,
  constantInit,
  convNorm,
  convolution,
  dropPathFactors,
  layerNorm,
  perChannel,
  type Scope,
} from '../nn/index.js';

/** One number per stage in every list. */
export interface MscanConfig {
  readonly channels: readonly number[];
  /** Blocks per stage. */
  readonly depths: readonly number[];
  /** Width of the hidden layer of a block in units of its channels. */
  readonly mlpRatios: readonly number[];
  /** Probability at which the last block drops a branch in training; rises linearly from 0 at the first block. */
  readonly dropPathRate: number;
}

/** Lengths of the strip convolutions. */
const STRIPS = [7, 11, 21];
const LAYER_SCALE = 0.01;
/** All convolutions of the backbone have a bias, also those before a batch norm. */
const convDefaults = { bias: true, init: 'fanOutNormal' } as const;

/**
 * Layer-normalised feature maps of the stages at strides 4, 8, 16, 32.
 * @param images [N, 3, H, W]
 */
export function mscan(scope: Scope, images: Tensor, config: MscanConfig): readonly Tensor[] {
  const { channels, depths, mlpRatios, dropPathRate } = config;
  const blocks = depths.reduce((sum, depth) => sum + depth, 0);
  let done = 0;
  let x = images;
  return channels.map((width, i) => {
    const stage = i + 1;
    const embedding = scope.child(`patch_embed${stage}`);
    x = i === 0 ? stem(embedding.child('proj'), x, width) : patchEmbedding(embedding, x, width);
    for (let k = 0; k < depths[i]!; k++) {
      const rate = (dropPathRate * done++) / (blocks - 1);
      x = block(scope.child(`block${stage}`).child(k), x, mlpRatios[i]!, rate);
    }
    x = layerNorm(scope.child(`norm${stage}`), x);
    return x;
  });
}

/** Two stride-2 convolutions, named by position among their activations. */
function stem(scope: Scope, images: Tensor, channels: number): Tensor {
  const stride2 = { ...convDefaults, kernel: 3, stride: 2 };
  const half = convNorm(scope.child(0), scope.child(1), images, { ...stride2, channels: channels / 2 });
  const active = scope.trace(() => gelu(half));
  return convNorm(scope.child(3), scope.child(4), active, { ...stride2, channels });
}

function patchEmbedding(scope: Scope, x: Tensor, channels: number): Tensor {
  const options = { ...convDefaults, channels, kernel: 3, stride: 2 };
  return convNorm(scope.child('proj'), scope.child('norm'), x, options);
}

/** Attention and MLP, each on batch-normalised input, scaled per channel and added to their input. */
function block(scope: Scope, x: Tensor, mlpRatio: number, dropPathRate: number): Tensor {
  const channels = x.shape[1]!;
  const [scale1, scale2] = ['layer_scale_1', 'layer_scale_2'].map((name) =>
    scope.parameter(name, [channels], constantInit(LAYER_SCALE)),
  ) as [Tensor, Tensor];
  const residual = (input: Tensor, branch: Tensor, layerScale: Tensor, noise: string): Tensor => {
    const factors = dropPathFactors(scope, noise, input, dropPathRate);
    return scope.trace(() => {
      // Joined first, the two factors cost one pass over the map.
      const scale = factors ? mul(perChannel(layerScale), factors) : perChannel(layerScale);
      return add(input, mul(branch, scale));
    });
  };
  const attended = attention(scope.child('attn'), batchNorm(scope.child('norm1'), x));
  const y = residual(x, attended, scale1, 'drop_path_1');
  const mixed = mlp(scope.child('mlp'), batchNorm(scope.child('norm2'), y), mlpRatio);
  return residual(y, mixed, scale2, 'drop_path_2');
}

function attention(scope: Scope, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  const entered = conv(scope.child('proj_1'), x, { channels });
  const active = scope.trace(() => gelu(entered));
  const gated = spatialGatingUnit(scope.child('spatial_gating_unit'), active);
  const left = conv(scope.child('proj_2'), gated, { channels });
  return scope.trace(() => add(left, x));
}

/** Multiplies x by what pairs of strip convolutions of several lengths gather around every position. */
function spatialGatingUnit(scope: Scope, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  const near = conv(scope.child('conv0'), x, { channels, kernel: 5, depthwise: true });
  let gathered = near;
  STRIPS.forEach((length, k) => {
    const row = { channels, kernel: [1, length], depthwise: true } as const;
    const column = { channels, kernel: [length, 1], depthwise: true } as const;
    const far = conv(scope.child(`conv${k}_2`), conv(scope.child(`conv${k}_1`), near, row), column);
    gathered = scope.trace(() => add(gathered, far));
  });
  const weights = conv(scope.child('conv3'), gathered, { channels });
  return scope.trace(() => mul(weights, x));
}

function mlp(scope: Scope, x: Tensor, ratio: number): Tensor {
  const channels = x.shape[1]!;
  const hidden = channels * ratio;
  const wide = conv(scope.child('fc1'), x, { channels: hidden });
  const local = conv(scope.child('dwconv'), wide, { channels: hidden, kernel: 3, depthwise: true });
  const active = scope.trace(() => gelu(local));
  return conv(scope.child('fc2'), active, { channels });
}

function conv(scope: Scope, x: Tensor, options: ConvolutionOptions): Tensor {
  return convolution(scope, x, { ...convDefaults, ...options });
}
