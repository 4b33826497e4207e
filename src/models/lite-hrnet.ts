/**
 * @file Lite-HRNet backbone (https://arxiv.org/abs/2104.06403): parallel branches of falling resolution that exchange
 * information by conditional channel weighting and multi-branch fusion. Variable names follow published checkpoints.
 */
import { adaptiveAveragePool, add, concat, mul, relu, resizeNearest, split } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { channelHalves, convModule, convNorm, type Scope, shuffledConcat } from '../nn/index.js';

export interface StageConfig {
  /** Modules in sequence; each is `blocks` weighting blocks followed by one fusion. */
  readonly modules: number;
  readonly blocks: number;
  /** Divisor of the hidden width of the cross-resolution weighting. */
  readonly reduceRatio: number;
  /** Channels of every branch, highest resolution first; even numbers. */
  readonly channels: readonly number[];
}

export interface LiteHRNetConfig {
  readonly stem: {
    readonly channels: number;
    /** Strides of the first convolution and of the two stem branches. */
    readonly strides: readonly [number, number];
    /** A further stride-2 convolution after the first one. */
    readonly extraStride: boolean;
  };
  readonly stages: readonly StageConfig[];
}

/**
 * Feature maps of the last stage, highest resolution first.
 * @param images [N, 3, H, W]
 */
export function liteHRNet(scope: Scope, images: Tensor, config: LiteHRNetConfig): readonly Tensor[] {
  let branches: readonly Tensor[] = [stem(scope.child('stem'), images, config.stem)];
  config.stages.forEach((stage, i) => {
    branches = transition(scope.child(`transition${i}`), branches, stage.channels);
    const stageScope = scope.child(`stage${i}`);
    for (let m = 0; m < stage.modules; m++) branches = stageModule(stageScope.child(m), branches, stage);
  });
  return branches;
}

function stem(
  scope: Scope,
  images: Tensor,
  { channels, strides, extraStride }: LiteHRNetConfig['stem'],
): Tensor {
  const [firstStride, branchStride] = strides;
  let x = convModule(scope.child('conv1'), images, { channels, kernel: 3, stride: firstStride });
  if (extraStride) x = convModule(scope.child('conv2'), x, { channels, kernel: 3, stride: 2 });
  return scope.trace(() => {
    const [left, right] = channelHalves(x);
    const half = channels / 2;
    const down = { kernel: 3, stride: branchStride, depthwise: true, activation: 'none' } as const;
    let a = convModule(scope.child('branch1').child(0), left, { ...down, channels: half });
    a = convModule(scope.child('branch1').child(1), a, { channels: half });
    let b = convModule(scope.child('expand_conv'), right, { channels });
    b = convModule(scope.child('depthwise_conv'), b, { ...down, channels });
    b = convModule(scope.child('linear_conv'), b, { channels: half });
    return shuffledConcat(a, b);
  });
}

/** Adapts the branches of one stage to the widths of the next and adds new, lower-resolution branches. */
function transition(
  scope: Scope,
  previous: readonly Tensor[],
  channels: readonly number[],
): readonly Tensor[] {
  return channels.map((width, j) => {
    const existing = previous[j];
    if (existing)
      return existing.shape[1] === width ? existing : separable(scope.child(j), existing, 1, width);
    // Every new branch starts from the lowest resolution that existed before.
    let x = previous.at(-1)!;
    const steps = j + 1 - previous.length;
    for (let step = 0; step < steps; step++)
      x = separable(scope.child(j).child(step), x, 2, step === steps - 1 ? width : x.shape[1]!);
    return x;
  });
}

/** Depthwise 3x3, batch norm, pointwise, batch norm and, where wanted, ReLU; named by position 0…3. */
function separable(
  scope: Scope,
  x: Tensor,
  stride: number,
  channels: number,
  { activate = true, gain = 1 } = {},
): Tensor {
  const depthwise = { channels: x.shape[1]!, kernel: 3, stride, depthwise: true };
  const spatial = convNorm(scope.child(0), scope.child(1), x, depthwise);
  const y = convNorm(scope.child(2), scope.child(3), spatial, { channels }, { gain });
  return activate ? scope.trace(() => relu(y)) : y;
}

function stageModule(scope: Scope, branches: readonly Tensor[], stage: StageConfig): readonly Tensor[] {
  let x = branches;
  for (let b = 0; b < stage.blocks; b++)
    x = weightingBlock(scope.child('layers').child(b), x, stage.reduceRatio);
  return fuse(scope.child('fuse_layers'), x);
}

/** Conditional channel weighting: half of every branch is weighted across and within resolutions, half passes through. */
function weightingBlock(scope: Scope, branches: readonly Tensor[], reduceRatio: number): readonly Tensor[] {
  return scope.trace(() => {
    const halves = branches.map(channelHalves);
    const weighted = crossResolutionWeighting(
      scope.child('cross_resolution_weighting'),
      halves.map(([, active]) => active),
      reduceRatio,
    );
    const filtered = weighted.map((x, k) =>
      convModule(scope.child('depthwise_convs').child(k), x, {
        channels: x.shape[1]!,
        kernel: 3,
        depthwise: true,
        activation: 'none',
      }),
    );
    return filtered.map((x, k) => {
      const active = spatialWeighting(scope.child('spatial_weighting').child(k), x);
      return shuffledConcat(halves[k]![0], active);
    });
  });
}

/** Weights every channel and coarse position by what all branches see there. */
function crossResolutionWeighting(
  scope: Scope,
  xs: readonly Tensor[],
  reduceRatio: number,
): readonly Tensor[] {
  const [height, width] = spatialSize(xs.at(-1)!);
  return scope.trace(() => {
    const pooled = concat(
      xs.map((x) => adaptiveAveragePool(x, [height, width])),
      1,
    );
    const total = pooled.shape[1]!;
    const hidden = convModule(scope.child('conv1'), pooled, { channels: Math.floor(total / reduceRatio) });
    const gates = convModule(scope.child('conv2'), hidden, { channels: total, activation: 'sigmoid' });
    const parts = split(
      gates,
      xs.map((x) => x.shape[1]!),
      1,
    );
    return xs.map((x, k) => mul(x, resizeNearest(parts[k]!, spatialSize(x))));
  });
}

/** Squeeze and excitation (https://arxiv.org/abs/1709.01507) with a quarter of the channels in between. */
function spatialWeighting(scope: Scope, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  return scope.trace(() => {
    const pooled = adaptiveAveragePool(x, [1, 1]);
    const hidden = convModule(scope.child('conv1'), pooled, {
      channels: Math.floor(channels / 4),
      norm: 'none',
    });
    return mul(
      x,
      convModule(scope.child('conv2'), hidden, { channels, norm: 'none', activation: 'sigmoid' }),
    );
  });
}

/**
 * Multi-branch fusion with the arithmetic that all published weights were trained with. In the original code the sum of
 * branch 0 is accumulated in place, so that branch 0 counts twice and the lower branches receive the fused map z₀
 * before its ReLU, in two identical evaluations:
 *
 *     z₀ = 2·o₀ + Σ_{j≥1} F₀ⱼ(oⱼ)
 *     zᵢ = 2·Fᵢ₀(z₀) + oᵢ + Σ_{j≥1, j≠i} Fᵢⱼ(oⱼ)
 *
 * Fᵢ₀ is evaluated once here, its factor 2 sits in the last batch norm, and its running statistics move twice.
 */
function fuse(scope: Scope, branches: readonly Tensor[]): readonly Tensor[] {
  return scope.trace(() => {
    const [first, ...others] = branches as [Tensor, ...Tensor[]];
    const from = (i: number, j: number, x: Tensor): Tensor => {
      const target = branches[i]!;
      const path = scope.child(i).child(j);
      return j > i ? fuseUp(path, x, target) : fuseDown(path, x, i - j, target.shape[1]!);
    };
    const top = others.reduce((sum, o, k) => add(sum, from(0, k + 1, o)), mul(first, 2));
    const lower = others.map((_, k) => {
      const i = k + 1;
      const fromTop = fuseDown(scope.child(i).child(0).repeated(2), top, i, branches[i]!.shape[1]!, 2);
      return others.reduce((sum, o, l) => add(sum, l === k ? o : from(i, l + 1, o)), fromTop);
    });
    return [top, ...lower].map(relu);
  });
}

/** From a lower resolution: pointwise, batch norm, nearest upsampling. */
function fuseUp(scope: Scope, x: Tensor, target: Tensor): Tensor {
  const y = convNorm(scope.child(0), scope.child(1), x, { channels: target.shape[1]! });
  return scope.trace(() => resizeNearest(y, spatialSize(target)));
}

/** From a higher resolution: one stride-2 step per level, the last one without ReLU and multiplied by `gain`. */
function fuseDown(scope: Scope, x: Tensor, steps: number, channels: number, gain = 1): Tensor {
  let y = x;
  for (let step = 0; step < steps; step++) {
    const last = step === steps - 1;
    const width = last ? channels : x.shape[1]!;
    y = separable(scope.child(step), y, 2, width, { activate: !last, gain: last ? gain : 1 });
  }
  return y;
}

const spatialSize = (x: Tensor): [number, number] => [x.shape[2]!, x.shape[3]!];
