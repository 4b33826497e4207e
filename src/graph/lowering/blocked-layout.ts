/**
 * @file ONNX Runtime's blocked activation layout (domain `com.microsoft.nchwc`) as graph operators: channels in groups of
 * one vector register, each group stored [H, W, block]. Its convolutions read whole registers per position, which makes
 * depthwise ones several times faster. The domain is internal to the runtime and only meant for its own optimiser, so
 * engine/providers/probe.ts checks at start-up that it works as described here.
 *
 * A blocked tensor is typed [1, C', H, W] with C' rounded up to whole blocks, or [N, C, H, W] where C fills whole blocks;
 * only its storage differs.
 */
import { onnxOp, reshape } from '../builders.js';
import type { Shape, Tensor } from '../tensor.js';
import type { ConvAttributes } from '../vocabulary.js';

/** Floats in a vector register: 16 with AVX-512, 8 with AVX2. */
export type BlockSize = 8 | 16;

export const DOMAIN = 'com.microsoft.nchwc';

/** The reorder kernel copies four channels at a time. */
export function canBlock(channels: number): boolean {
  return channels % 4 === 0;
}

export function blockedChannels(channels: number, block: BlockSize): number {
  return Math.ceil(channels / block) * block;
}

/** x [N, C, H, W], with images and channels merged, in blocked layout: [1, (N·C)', H, W]; channels beyond N·C are zero. */
export function toBlocked(x: Tensor, block: BlockSize): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const shape = [1, blockedChannels(n * c, block), h, w];
  return onnxOp('ReorderInput', [reshape(x, [1, n * c, h, w])], [{ dtype: x.dtype, shape }], {}, DOMAIN)[0]!;
}

/** The inverse of {@link toBlocked}: drops the channels that fill the last block and returns [n, channels, H, W]. */
export function fromBlocked(x: Tensor, n: number, channels: number): Tensor {
  const [h, w] = [x.shape[2]!, x.shape[3]!];
  const merged = reshape(x, [1, x.size / (h * w), h, w]);
  const type = { dtype: x.dtype, shape: [1, n * channels, h, w] };
  const plain = onnxOp('ReorderOutput', [merged], [type], { channels: { int: n * channels } }, DOMAIN)[0]!;
  return reshape(plain, [n, channels, h, w]);
}

/**
 * Convolution of a blocked tensor.
 * @param filters [O', I', kh, kw]: depthwise (I' = 1) stored [O'/block, kh, kw, block], dense stored
 * [O'/block, I'/block, kh, kw, block of I', block of O']
 * @param bias [O']
 */
export function blockedConv(
  x: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  shape: Shape,
  { strides, pads, dilations, group }: ConvAttributes,
): Tensor {
  return onnxOp(
    'Conv',
    bias ? [x, filters, bias] : [x, filters],
    [{ dtype: x.dtype, shape }],
    {
      kernel_shape: { ints: filters.shape.slice(2) },
      strides: { ints: strides },
      pads: { ints: pads },
      dilations: { ints: dilations },
      group: { int: group },
    },
    DOMAIN,
  )[0]!;
}

/** {@link blockedConv} of [1, C', H, W] with one filter per channel. */
export function blockedDepthwiseConv(
  x: Tensor,
  filters: Tensor,
  bias: Tensor | undefined,
  outputSize: readonly [number, number],
  geometry: Omit<ConvAttributes, 'group'>,
): Tensor {
  const channels = x.shape[1]!;
  return blockedConv(x, filters, bias, [1, channels, ...outputSize], { ...geometry, group: channels });
}

/** Nearest-neighbour upsampling by whole factors within the layout. */
export function blockedUpsample(x: Tensor, factors: readonly [number, number]): Tensor {
  const [one, channels, h, w] = x.shape as [number, number, number, number];
  const shape = [one, channels, h * factors[0], w * factors[1]];
  return onnxOp(
    'Upsample',
    [x],
    [{ dtype: x.dtype, shape }],
    { scales: { ints: [1, 1, ...factors] } },
    DOMAIN,
  )[0]!;
}

/** Means of non-overlapping windows within the layout. */
export function blockedAveragePool(x: Tensor, kernel: readonly [number, number]): Tensor {
  const [one, channels, h, w] = x.shape as [number, number, number, number];
  const shape = [one, channels, h / kernel[0], w / kernel[1]];
  const attributes = { kernel_shape: { ints: kernel }, strides: { ints: kernel } };
  return onnxOp('AveragePool', [x], [{ dtype: x.dtype, shape }], attributes, DOMAIN)[0]!;
}
