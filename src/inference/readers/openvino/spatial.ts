/** @file Layers of OpenVINO on maps [N, C, H, W]: convolutions, pooling, resizing. */

import {
  averagePool,
  type ConvAttributes,
  constant,
  createNode,
  reshape,
  resizeBilinear,
  resizeNearest,
  type Tensor,
} from '../../../graph/index.js';
import { constantData, type LayerReader } from './layer-reader.js';

export function readConvolution(layer: LayerReader): readonly Tensor[] {
  return [convolution(layer, layer.input(1), 1)];
}

export function readGroupConvolution(layer: LayerReader): readonly Tensor[] {
  const weight = layer.input(1);
  const [group, outputs, ...rest] = weight.shape as [number, number, ...number[]];
  if (weight.rank !== 5) layer.refuse(`has a weight [${weight.shape}]; five axes are expected`);
  return [convolution(layer, underShape(weight, [group * outputs, ...rest]), group)];
}

/** A weight stays a constant. */
function underShape(weight: Tensor, shape: readonly number[]): Tensor {
  const data = constantData(weight);
  return data ? constant(data, shape) : reshape(weight, shape);
}

function convolution(layer: LayerReader, weight: Tensor, group: number): Tensor {
  const x = layer.input(0);
  if (x.rank !== 4 || weight.rank !== 4) layer.refuse(`is of [${x.shape}] and [${weight.shape}]`);
  const strides = layer.pair('strides', 1);
  const dilations = layer.pair('dilations', 1, '1,1');
  const kernel = weight.shape.slice(2) as [number, number];
  const extents = kernel.map((size, i) => (size - 1) * dilations[i]! + 1);
  const pads = padsOf(layer, x.shape.slice(2), extents, strides);
  return createNode('conv', [x, weight], { strides, dilations, pads, group })[0]!;
}

/** @param extents of the window in pixels, with what dilation leaves out. */
function padsOf(
  layer: LayerReader,
  sizes: readonly number[],
  extents: readonly number[],
  strides: readonly number[],
): ConvAttributes['pads'] {
  const way = layer.word('auto_pad', ['explicit', 'notset', 'valid', 'same_upper', 'same_lower'], 'explicit');
  if (way === 'valid') return [0, 0, 0, 0];
  if (way === 'explicit' || way === 'notset') {
    return [...layer.pair('pads_begin', 0), ...layer.pair('pads_end', 0)];
  }
  const [rows, columns] = sizes.map((size, i) => {
    const steps = Math.ceil(size / strides[i]!) - 1;
    const total = Math.max(steps * strides[i]! + extents[i]! - size, 0);
    const small = Math.floor(total / 2);
    return way === 'same_upper' ? [small, total - small] : [total - small, small];
  }) as [[number, number], [number, number]];
  return [rows[0], columns[0], rows[1], columns[1]];
}

/** Windows side by side. */
export function readPool(layer: LayerReader): readonly Tensor[] {
  const [kernel, strides] = [layer.pair('kernel', 1), layer.pair('strides', 1)];
  const x = layer.input(0);
  if (x.rank !== 4) layer.refuse(`is of [${x.shape}]`);
  const pads = padsOf(layer, x.shape.slice(2), kernel, strides);
  if (String(kernel) !== String(strides) || pads.some((size) => size > 0)) {
    layer.refuse('has windows that overlap or are padded, which is not read');
  }
  return [averagePool(x, kernel)];
}

/** Nearest neighbours from the corner, or linear without smoothing. */
export function readInterpolate(layer: LayerReader): readonly Tensor[] {
  const x = layer.input(0);
  if (x.rank !== 4) layer.refuse(`is of [${x.shape}]`);
  if (layer.flag('antialias', false)) layer.refuse('smooths, which is not read');
  for (const key of ['pads_begin', 'pads_end']) {
    if (/[^0, ]/.test(layer.text(key, '0'))) layer.refuse('pads what it resizes, which is not read');
  }
  const size = sizeOf(layer, x);
  const mode = layer.word('mode', ['nearest', 'linear', 'linear_onnx']);
  if (mode === 'nearest') {
    layer.word('coordinate_transformation_mode', ['asymmetric']);
    layer.word('nearest_mode', ['floor', 'simple']);
    // A factor that is no whole number becomes a list of rows and one of columns.
    layer.spend(size[0] + size[1]);
    return [resizeNearest(x, size)];
  }
  const coordinates = layer.word(
    'coordinate_transformation_mode',
    ['half_pixel', 'align_corners'],
    'half_pixel',
  );
  return [resizeBilinear(x, size, coordinates === 'align_corners')];
}

function sizeOf(layer: LayerReader, x: Tensor): [number, number] {
  const way = layer.word('shape_calculation_mode', ['sizes', 'scales']);
  // The older operator has sizes and factors, the newer one what the mode says.
  const isOld = layer.layer.version === 'opset4';
  const axesAt = isOld ? 3 : 2;
  const axes = layer.has(axesAt) ? layer.axes(axesAt) : x.shape.map((_, axis) => axis);
  const size = [...x.shape];
  if (way === 'sizes') {
    layer.ints(1).forEach((to, i) => {
      size[axes[i] ?? layer.refuse('has more sizes than axes')] = to;
    });
  } else {
    layer.numbers(isOld ? 2 : 1).forEach((factor, i) => {
      const axis = axes[i] ?? layer.refuse('has more factors than axes');
      size[axis] = Math.floor(x.shape[axis]! * factor + 1e-6);
    });
  }
  if (size[0] !== x.shape[0] || size[1] !== x.shape[1])
    layer.refuse('resizes other axes than rows and columns');
  return layer.sizes(size.slice(2)) as [number, number];
}
