/** @file Windows of convolutions and poolings as a file describes them. */
import { reshape } from '../builders.js';
import type { Tensor } from '../tensor.js';
import type { Call } from './call.js';

/** Where windows of two dimensions lie. */
export interface Geometry {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** [top, left, bottom, right] */
  readonly pads: readonly [number, number, number, number];
}

/** Applies `body` to an input [N, C, H, W], or to one [N, C, L] as a map of a single row. */
export function alongRow(call: Call, body: (x: Tensor) => Tensor): Tensor {
  const x = call.tensor(0);
  if (x.rank === 4) return body(x);
  if (x.rank !== 3) throw new Error(`takes maps of one or two dimensions, the input is [${x.shape}]`);
  const y = body(reshape(x, [x.shape[0]!, x.shape[1]!, 1, x.shape[2]!]));
  return reshape(y, [y.shape[0]!, y.shape[1]!, y.shape[3]!]);
}

/** Strides, dilations and pads of a node; of maps with one dimension, those of the row above are none. */
export function geometryOf(call: Call, x: Tensor, kernel: readonly [number, number]): Geometry {
  const isRow = call.shapeOf(0).length === 3;
  const two = (name: string): [number, number] => {
    const list = call.intList(name);
    if (!list || list.length === 0) return [1, 1];
    return isRow ? [1, list[0]!] : [list[0]!, list[1]!];
  };
  const [strides, dilations] = [two('strides'), two('dilations')];
  const auto = call.text('auto_pad', 'NOTSET');
  const listed = call.intList('pads');
  if (auto === 'VALID') return { strides, dilations, pads: [0, 0, 0, 0] };
  if (auto === 'NOTSET' || auto === '') {
    if (!listed || listed.length === 0) return { strides, dilations, pads: [0, 0, 0, 0] };
    if (isRow) return { strides, dilations, pads: [0, listed[0]!, 0, listed[1]!] };
    return { strides, dilations, pads: [listed[0]!, listed[1]!, listed[2]!, listed[3]!] };
  }
  const pads: [number, number, number, number] = [0, 0, 0, 0];
  for (const i of [0, 1] as const) {
    const size = x.shape[2 + i]!;
    const outputs = Math.ceil(size / strides[i]);
    const total = Math.max((outputs - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - size, 0);
    const less = Math.floor(total / 2);
    pads[i] = auto === 'SAME_LOWER' ? total - less : less;
    pads[i + 2] = total - pads[i];
  }
  return { strides, dilations, pads };
}
