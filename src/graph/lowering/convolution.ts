/** @file Gradients of convolutions in plain ONNX operators: matrix products, flipped convolutions, unfolded patches. */
import {
  concat,
  constant,
  matMul,
  mul,
  onnxOp,
  pad,
  reduceSum,
  reshape,
  resizeNearest,
  sliceAxes,
  take,
} from '../builders.js';
import { createNode, type Tensor } from '../tensor.js';
import type { ConvAttributes } from '../vocabulary.js';
import type { LoweringRule } from './table.js';

const isZero = (values: readonly number[]): boolean => values.every((v) => v === 0);
const isOne = (values: readonly number[]): boolean => values.every((v) => v === 1);

/** 1x1, stride 1, no groups: a matrix product over channels. */
function isPointwise({ strides, pads, group }: ConvAttributes, kernel: readonly number[]): boolean {
  return isOne(kernel) && isOne(strides) && isZero(pads) && group === 1;
}

/** One filter per channel. */
export function isDepthwise(group: number, channels: number, outputs: number): boolean {
  return group > 1 && group === channels && group === outputs;
}

/** dx = Wᵀ·dy over channels. */
export const pointwiseInputGrad: LoweringRule<'convInputGrad'> = ({ attributes, outputs }, [dy, weight]) => {
  const [out, channels, kh, kw] = weight!.shape as [number, number, number, number];
  if (!isPointwise(attributes, [kh, kw])) return undefined;
  const [n, , h, w] = dy!.shape as [number, number, number, number];
  const dx = matMul(reshape(weight!, [out, channels]), reshape(dy!, [n, out, h * w]), { transA: true });
  return [reshape(dx, outputs[0]!.shape)];
};

/** The transposed depthwise convolution is a stride-1 convolution of the zero-stuffed gradient with flipped filters. */
export const depthwiseInputGrad: LoweringRule<'convInputGrad'> = ({ attributes }, [dy, weight]) => {
  const geometry = transposedGeometry(dy!, weight!, attributes);
  if (!geometry) return undefined;
  const channels = weight!.shape[0]!;
  return createNode('conv', [stuffZeros(dy!, attributes.strides), flipFilters(weight!)], {
    strides: [1, 1],
    dilations: attributes.dilations,
    group: channels,
    pads: geometry,
  });
};

/**
 * Pads of the stride-1 convolution that computes a depthwise input gradient, or undefined where it does not apply.
 * `stuffZeros` leaves stride·size values per axis; the end pad makes up the difference to the input size.
 */
export function transposedGeometry(
  dy: Tensor,
  weight: Tensor,
  { strides, pads, dilations, group, inputSize }: ConvAttributes & { inputSize: readonly [number, number] },
): [number, number, number, number] | undefined {
  if (!isDepthwise(group, group, weight.shape[0]!) || weight.shape[1] !== 1) return undefined;
  const begin = [0, 1].map((i) => dilations[i as 0 | 1] * (weight.shape[2 + i]! - 1) - pads[i]!);
  const end = [0, 1].map((i) => {
    const stuffed = dy.shape[2 + i]! * strides[i as 0 | 1];
    return inputSize[i as 0 | 1] - stuffed - begin[i]! + dilations[i as 0 | 1] * (weight.shape[2 + i]! - 1);
  });
  const result = [begin[0]!, begin[1]!, end[0]!, end[1]!] as [number, number, number, number];
  return result.every((p) => p >= 0) ? result : undefined;
}

/** Puts each value at the top left of a strides-sized cell of zeros: nearest resize times a mask beats Pad and scatter. */
export function stuffZeros(x: Tensor, strides: readonly [number, number]): Tensor {
  if (isOne(strides)) return x;
  const [h, w] = [x.shape[2]! * strides[0], x.shape[3]! * strides[1]];
  const mask = new Float32Array(h * w);
  for (let i = 0; i < h; i += strides[0]) for (let j = 0; j < w; j += strides[1]) mask[i * w + j] = 1;
  return mul(resizeNearest(x, [h, w]), constant(mask, [1, 1, h, w], x.dtype));
}

/** [C, 1, kh, kw] with both spatial axes reversed. */
export function flipFilters(weight: Tensor): Tensor {
  const [channels, , kh, kw] = weight.shape as [number, number, number, number];
  const taps = kh * kw;
  if (taps === 1) return weight;
  const reversed = Array.from({ length: taps }, (_, i) => taps - 1 - i);
  return reshape(take(reshape(weight, [channels, taps]), 1, reversed), weight.shape);
}

/** Any geometry: the runtime's ConvTranspose. */
export const transposedConvInputGrad: LoweringRule<'convInputGrad'> = (
  { attributes, outputs },
  [dy, weight],
) => {
  const { strides, pads, dilations, group, inputSize } = attributes;
  const outputPadding = [0, 1].map((i) => {
    const natural =
      (dy!.shape[2 + i]! - 1) * strides[i as 0 | 1] -
      pads[i]! -
      pads[i + 2]! +
      dilations[i as 0 | 1] * (weight!.shape[2 + i]! - 1) +
      1;
    return inputSize[i as 0 | 1] - natural;
  });
  return onnxOp('ConvTranspose', [dy!, weight!], [outputs[0]!], {
    strides: { ints: strides },
    pads: { ints: pads },
    dilations: { ints: dilations },
    group: { int: group },
    kernel_shape: { ints: weight!.shape.slice(2) },
    output_padding: { ints: outputPadding },
  });
};

/** dW = Σ_n dy·xᵀ over positions. */
export const pointwiseWeightGrad: LoweringRule<'convWeightGrad'> = ({ attributes, outputs }, [x, dy]) => {
  if (!isPointwise(attributes, attributes.kernel)) return undefined;
  const [n, channels, h, w] = x!.shape as [number, number, number, number];
  const products = matMul(reshape(dy!, [n, -1, h * w]), reshape(x!, [n, channels, h * w]), { transB: true });
  return [reshape(n === 1 ? products : reduceSum(products, { axes: [0] }), outputs[0]!.shape)];
};

/** Each channel of each image correlates with its own gradient: one grouped convolution with dy as the filters. */
export const depthwiseWeightGrad: LoweringRule<'convWeightGrad'> = ({ attributes }, [x, dy]) => {
  const { strides, pads, dilations, group, kernel } = attributes;
  const [n, channels, h, w] = x!.shape as [number, number, number, number];
  if (!isDepthwise(group, channels, dy!.shape[1]!)) return undefined;
  const [oh, ow] = [dy!.shape[2]!, dy!.shape[3]!];
  const [taps] = createNode(
    'conv',
    [reshape(x!, [1, n * channels, h, w]), reshape(dy!, [n * channels, 1, oh, ow])],
    {
      strides: dilations,
      dilations: strides,
      pads: endPads([h, w], [oh, ow], attributes, pads),
      group: n * channels,
    },
  );
  return [sumImages(taps!, n, channels, kernel)];
};

/** Pads with the end cut to what the last filter position reaches, so that no surplus positions are computed. */
export function endPads(
  size: readonly [number, number],
  outputSize: readonly [number, number],
  {
    strides,
    dilations,
    kernel,
  }: Pick<ConvAttributes, 'strides' | 'dilations'> & { kernel: readonly [number, number] },
  begin: readonly number[],
): [number, number, number, number] {
  const end = (i: 0 | 1): number => {
    const reach = dilations[i] * (kernel[i] - 1) + strides[i] * (outputSize[i] - 1) + 1;
    return Math.max(reach - size[i] - begin[i]!, 0);
  };
  return [begin[0]!, begin[1]!, end(0), end(1)];
}

/** [1, N·C, ≥kh, ≥kw] → [C, 1, kh, kw]; rows beyond the kernel come from input that no filter position reached. */
export function sumImages(
  taps: Tensor,
  n: number,
  channels: number,
  kernel: readonly [number, number],
): Tensor {
  const exact = taps.shape[2] === kernel[0] && taps.shape[3] === kernel[1];
  const cut = exact ? taps : sliceAxes(taps, { axes: [2, 3], starts: [0, 0], ends: kernel, steps: [1, 1] });
  const perImage = reshape(cut, [n, channels, ...kernel]);
  return reshape(n === 1 ? perImage : reduceSum(perImage, { axes: [0] }), [channels, 1, ...kernel]);
}

/** With as many channels, a product per tap is faster than to unfold all taps for one product. */
const MIN_CHANNELS_PER_TAP = 16;

/** Any geometry: the input values that each tap meets, times dy. */
export const unfoldedWeightGrad: LoweringRule<'convWeightGrad'> = ({ attributes, outputs }, [x, dy]) => {
  const { group, kernel } = attributes;
  const [n, channels] = x!.shape as [number, number];
  const size = [dy!.shape[2]!, dy!.shape[3]!] as const;
  const positions = size[0] * size[1];
  const taps = kernel[0] * kernel[1];
  const perGroup = channels / group;
  const patches = unfold(x!, size, attributes);
  const slopes = reshape(dy!, [n, group, -1, positions]);
  const timesSlopes = (values: Tensor): Tensor =>
    reduceSum(matMul(slopes, values, { transB: true }), { axes: [0] });
  if (perGroup < MIN_CHANNELS_PER_TAP) {
    const columns = patches.map((patch) => reshape(patch, [n, group, perGroup, 1, positions]));
    const unfolded = reshape(concat(columns, 3), [n, group, perGroup * taps, positions]);
    return [reshape(timesSlopes(unfolded), outputs[0]!.shape)];
  }
  const products = patches.map((patch) => {
    const product = timesSlopes(reshape(patch, [n, group, perGroup, positions]));
    return reshape(product, [...product.shape, 1]);
  });
  return [reshape(concat(products, 3), outputs[0]!.shape)];
};

/** Per tap of the kernel, the values of x [N, C, H, W] that it meets, [N, C, oh, ow]. */
function unfold(
  x: Tensor,
  [oh, ow]: readonly [number, number],
  attributes: ConvAttributes & { readonly kernel: readonly [number, number] },
): Tensor[] {
  const { strides, pads, dilations, kernel } = attributes;
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const [top, left, bottom, right] = endPads([h, w], [oh, ow], attributes, pads);
  // A slice with steps copies value by value. Sorting all values by their place within the stride takes less time.
  const cell = strides[0] === strides[1] ? strides[0] : 1;
  const rounded = (length: number): number => Math.ceil(length / cell) * cell;
  const [height, width] = [rounded(top + h + bottom), rounded(left + w + right)];
  const padded = pad(x, [0, 0, top, left, 0, 0, height - h - top, width - w - left]);
  const sorted = reshape(spaceToDepth(padded, cell), [n, cell * cell, channels, height / cell, width / cell]);
  const steps = [strides[0] / cell, strides[1] / cell] as const;
  const patches: Tensor[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const [row, column] = [i * dilations[0], j * dilations[1]];
      const place = (row % cell) * cell + (column % cell);
      const [startRow, startColumn] = [Math.floor(row / cell), Math.floor(column / cell)];
      const patch = sliceAxes(sorted, {
        axes: [1, 3, 4],
        starts: [place, startRow, startColumn],
        ends: [place + 1, startRow + (oh - 1) * steps[0] + 1, startColumn + (ow - 1) * steps[1] + 1],
        steps: [1, ...steps],
      });
      patches.push(reshape(patch, [n, channels, oh, ow]));
    }
  }
  return patches;
}

/** [N, C, H, W] → [N, cell·cell·C, H/cell, W/cell]: channels sorted by place within a cell first. */
function spaceToDepth(x: Tensor, cell: number): Tensor {
  if (cell === 1) return x;
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const shape = [n, cell * cell * channels, h / cell, w / cell];
  return onnxOp('SpaceToDepth', [x], [{ dtype: x.dtype, shape }], { blocksize: { int: cell } })[0]!;
}
