/** @file Poolings of a file. */
import { averagePool, constant, mul, reduceMax, reduceMean } from '../builders.js';
import { maxPool } from '../pooling.js';
import { convOutputSize } from '../shape-rules.js';
import { createNode, type Tensor } from '../tensor.js';
import type { Call, Importer } from './call.js';
import { alongRow, type Geometry, geometryOf } from './geometry.js';
import { checkKnownSize } from './values.js';

function kernelOf(call: Call): [number, number] {
  const kernel = call.intList('kernel_shape') ?? [];
  if (kernel.length !== call.shapeOf(0).length - 2)
    throw new Error(`a window of [${kernel}] does not fit an input of [${call.shapeOf(0)}]`);
  return kernel.length === 1 ? [1, kernel[0]!] : [kernel[0]!, kernel[1]!];
}

/** Rounding up the size is padding at the end; windows that would begin there are none. */
function ceiled(call: Call, x: Tensor, kernel: readonly [number, number], given: Geometry): Geometry {
  if (call.int('ceil_mode', 0) === 0) return given;
  const pads: [number, number, number, number] = [...given.pads];
  for (const i of [0, 1] as const) {
    const size = x.shape[2 + i]!;
    const extent = given.dilations[i] * (kernel[i] - 1) + 1;
    const stride = given.strides[i];
    let outputs = Math.ceil((size + pads[i] + pads[i + 2]! - extent) / stride) + 1;
    if ((outputs - 1) * stride >= size + pads[i]) outputs -= 1;
    pads[i + 2] = Math.max(pads[i + 2]!, (outputs - 1) * stride + extent - size - pads[i]);
  }
  return { ...given, pads };
}

/** A convolution of every channel with ones, divided by how many values there were. */
function windowMeans(
  x: Tensor,
  kernel: readonly [number, number],
  geometry: Geometry,
  counts: Float32Array,
): Tensor {
  const channels = x.shape[1]!;
  const ones = constant(new Float32Array(channels * kernel[0] * kernel[1]).fill(1), [channels, 1, ...kernel]);
  const sums = createNode('conv', [x, ones], { ...geometry, group: channels })[0]!;
  const [first] = counts;
  const scale = counts.every((count) => count === first)
    ? 1 / first!
    : constant(
        counts.map((count) => 1 / count),
        [1, 1, sums.shape[2]!, sums.shape[3]!],
      );
  return mul(sums, scale);
}

/** How many values each window averages; padding counts where the file says so, as far as it was asked for. */
function countsOf(
  size: readonly [number, number],
  kernel: readonly [number, number],
  geometry: Geometry,
  counted: Geometry['pads'],
): Float32Array {
  const [rows, columns] = convOutputSize(size, kernel, { ...geometry, group: 1 });
  checkKnownSize([rows, columns]);
  const along = (i: 0 | 1, outputs: number): number[] =>
    Array.from({ length: outputs }, (_, at) => {
      let count = 0;
      for (let tap = 0; tap < kernel[i]; tap++) {
        const position = at * geometry.strides[i] + tap * geometry.dilations[i] - geometry.pads[i];
        if (position >= -counted[i] && position < size[i] + counted[i + 2]!) count += 1;
      }
      return count;
    });
  const [down, across] = [along(0, rows), along(1, columns)];
  return Float32Array.from(down.flatMap((a) => across.map((b) => a * b)));
}

const averages: Importer = (call) =>
  alongRow(call, (x) => {
    const kernel = kernelOf(call);
    const asked = geometryOf(call, x, kernel);
    const geometry = ceiled(call, x, kernel, asked);
    const size = [x.shape[2]!, x.shape[3]!] as const;
    const isPlain = geometry.pads.every((p) => p === 0) && geometry.dilations.every((d) => d === 1);
    const tiles = kernel.every((k, i) => size[i as 0 | 1] % k === 0 && geometry.strides[i as 0 | 1] === k);
    if (isPlain && tiles) return averagePool(x, kernel);
    const none = [0, 0, 0, 0] as const;
    const counted = call.int('count_include_pad', 0) === 1 ? asked.pads : none;
    return windowMeans(x, kernel, geometry, countsOf(size, kernel, geometry, counted));
  });

const maxima: Importer = (call) => {
  if (call.node.output.length > 1 && call.node.output[1] !== '')
    throw new Error('the positions of the largest values are not imported');
  return alongRow(call, (x) => {
    const kernel = kernelOf(call);
    const geometry = ceiled(call, x, kernel, geometryOf(call, x, kernel));
    return maxPool(x, { kernel, ...geometry });
  });
};

const spatialAxes = (x: Tensor): number[] => x.shape.map((_, i) => i).slice(2);

export const poolings: Readonly<Record<string, Importer>> = {
  AveragePool: averages,
  MaxPool: maxima,
  GlobalAveragePool: (call) => {
    const x = call.tensor(0);
    return reduceMean(x, { axes: spatialAxes(x), keepDims: true });
  },
  GlobalMaxPool: (call) => {
    const x = call.tensor(0);
    return reduceMax(x, { axes: spatialAxes(x), keepDims: true });
  },
};
