/** @file Constant matrices of linear resampling: resizes and selections, and through their transposes the gradients of both. */
import { constant } from './constants.js';
import type { Tensor } from './tensor.js';

/** [to, from] matrix of bilinear interpolation along one axis. */
export function bilinearMatrix(from: number, to: number, alignCorners: boolean): Tensor {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const source = alignCorners
      ? to > 1
        ? (i * (from - 1)) / (to - 1)
        : 0
      : Math.max(((i + 0.5) * from) / to - 0.5, 0);
    const low = Math.min(Math.floor(source), from - 1);
    const high = Math.min(low + 1, from - 1);
    const fraction = source - low;
    data[i * from + low]! += 1 - fraction;
    data[i * from + high]! += fraction;
  }
  return constant(data, [to, from]);
}

/** Source index of each destination index of a nearest-neighbour resize. */
export function nearestIndices(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
}

/** [to, from] matrix that sums, for each of `to` sources, the `from` destinations that copied it. */
export function nearestMatrix(from: number, to: number): Tensor {
  const data = new Float32Array(to * from);
  nearestIndices(to, from).forEach((source, destination) => {
    data[source * from + destination] = 1;
  });
  return constant(data, [to, from]);
}

/** [indices, size] selection matrix. */
export function takeMatrix(size: number, indices: readonly number[]): Tensor {
  const data = new Float32Array(indices.length * size);
  indices.forEach((index, row) => {
    data[row * size + index] = 1;
  });
  return constant(data, [indices.length, size]);
}
