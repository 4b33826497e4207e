/**
 * @file Maps of channels x ↦ a·x + b + addend in one pass over memory, where multiplying and adding take one each: depthwise 1x1
 * convolutions of the blocked layout, whose blocks are here pieces of one plane. An ordinary [N, C, H, W] tensor is that of
 * block·N·C channels and H·W/block pixels, so that nothing is reordered.
 */
import { expand, full, onnxOp, reshape } from '../builders.js';
import type { Shape, Tensor } from '../tensor.js';
import { type BlockSize, DOMAIN } from './blocked-layout.js';

/** Pixels of a plane below which setting up the convolution takes longer than what it saves. */
const FEWEST_PIXELS = 4096;

/** Per channel, or once for all. */
export interface ChannelMap {
  /** [C]; default 1. */
  readonly scale?: Tensor | undefined;
  /** [C]; default 0. */
  readonly shift?: Tensor | undefined;
  /** Of the shape of the map. */
  readonly addend?: Tensor | undefined;
}

/** Whether {@link mapChannels} takes this shape. */
export function canMapChannels(shape: Shape, block: BlockSize): boolean {
  const pixels = shape.slice(2).reduce((product, size) => product * size, 1);
  return shape.length > 2 && pixels >= FEWEST_PIXELS && pixels % block === 0;
}

/** @param x float32 [N, C, …] of a shape that {@link canMapChannels}. */
export function mapChannels(x: Tensor, { scale, shift, addend }: ChannelMap, block: BlockSize): Tensor {
  const [images, channels] = x.shape as [number, number];
  const lanes = block * images * channels;
  const viewed: Shape = [1, lanes, 1, x.size / lanes];
  const repeated = (vector: Tensor | undefined, usual: number): Tensor =>
    vector
      ? reshape(expand(reshape(vector, [1, channels, 1]), [images, channels, block]), [lanes])
      : full([lanes], usual);
  const filters = reshape(repeated(scale, 1), [lanes, 1, 1, 1]);
  const inputs = [reshape(x, viewed), filters, repeated(shift, 0)];
  if (addend) inputs.push(reshape(addend, viewed));
  const [y] = onnxOp(
    'Conv',
    inputs,
    [{ dtype: x.dtype, shape: viewed }],
    { kernel_shape: { ints: [1, 1] }, group: { int: lanes } },
    DOMAIN,
  );
  return reshape(y!, x.shape);
}
