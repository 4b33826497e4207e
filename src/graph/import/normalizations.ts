/** @file Normalisations of a file. */
import { add, batchNorm, div, mul, reduceMean, reduceSum, reshape, sqrt, sub } from '../builders.js';
import { normalizeAxis } from '../shape-rules.js';
import type { Tensor } from '../tensor.js';
import type { Call, Importer } from './call.js';
import { StoredWeight, type Value } from './values.js';

/** A vector over channels beside x [N, C, ...]. */
const perChannel = (vector: Tensor, rank: number): Tensor =>
  reshape(vector, [1, vector.size, ...new Array<number>(rank - 2).fill(1)]);

/** (x − mean) / √(variance + epsilon) over some axes, and the two that it is made of. */
function standardized(x: Tensor, axes: readonly number[], epsilon: number) {
  const along = { axes, keepDims: true };
  const mean = reduceMean(x, along);
  const centered = sub(x, mean);
  const deviation = sqrt(add(reduceMean(mul(centered, centered), along), epsilon));
  return { y: div(centered, deviation), mean, deviation };
}

/** By the statistics of the file, or by those of the batch, which then move the file's. What was asked for wins over what the file says. */
const batchNormalization: Importer = (call) => {
  const x = call.tensor(0);
  const epsilon = call.float('epsilon', 1e-5);
  if (call.state.training ?? call.int('training_mode', 0) === 1) return trainingBatchNorm(call, x, epsilon);
  const scale = div(call.tensor(1), sqrt(add(call.tensor(4, 'statistic'), epsilon)));
  const shift = sub(call.tensor(2), mul(call.tensor(3, 'statistic'), scale));
  return add(mul(x, perChannel(scale, x.rank)), perChannel(shift, x.rank));
};

function trainingBatchNorm(call: Call, x: Tensor, epsilon: number): readonly Value[] {
  const count = x.size / x.shape[1]!;
  if (count < 2)
    throw new Error(`a channel of [${x.shape}] has one value, which has no variance; use a larger batch`);
  const { y, mean, variance } = batchNorm(x, call.tensor(1), call.tensor(2), epsilon);
  const keep = call.float('momentum', 0.9);
  const note = (index: number, target: Tensor, rate: number): void => {
    const statistic = call.value(index);
    if (!(statistic instanceof StoredWeight)) return;
    call.tensor(index, 'statistic');
    call.state.updates.push({ key: statistic.key, target, keep, rate });
  };
  note(3, mean, 1 - keep);
  // Unbiased, as frameworks keep it.
  note(4, variance, ((1 - keep) * count) / (count - 1));
  return [y];
}

const layerNormalization: Importer = (call) => {
  const x = call.tensor(0);
  const first = normalizeAxis(call.int('axis', -1), x.rank);
  const axes = x.shape.map((_, i) => i).slice(first);
  const { y, mean, deviation } = standardized(x, axes, call.float('epsilon', 1e-5));
  const scaled = mul(y, call.tensor(1));
  return [call.has(2) ? add(scaled, call.tensor(2)) : scaled, mean, div(1, deviation)];
};

const instanceNormalization: Importer = (call) => {
  const x = call.tensor(0);
  const axes = x.shape.map((_, i) => i).slice(2);
  const { y } = standardized(x, axes, call.float('epsilon', 1e-5));
  return add(mul(y, perChannel(call.tensor(1), x.rank)), perChannel(call.tensor(2), x.rank));
};

/** In version 18 a scale belongs to a group; later ones, and what exporters write, have one a channel. */
const groupNormalization: Importer = (call) => {
  const x = call.tensor(0);
  const groups = call.int('num_groups', 1);
  const [samples, channels] = x.shape as [number, number];
  const rows = reshape(x, [samples, groups, x.size / (samples * groups)]);
  const { y } = standardized(rows, [2], call.float('epsilon', 1e-5));
  const vectors = [call.tensor(1), call.tensor(2)] as const;
  if (vectors[0].size === channels) {
    const [scale, shift] = vectors.map((vector) => perChannel(vector, x.rank)) as [Tensor, Tensor];
    return add(mul(reshape(y, x.shape), scale), shift);
  }
  const [scale, shift] = vectors.map((vector) => reshape(vector, [1, groups, 1])) as [Tensor, Tensor];
  return reshape(add(mul(y, scale), shift), x.shape);
};

const lpNormalization: Importer = (call) => {
  const x = call.tensor(0);
  if (call.int('p', 2) !== 2) throw new Error('only the norm of squares (p 2) is imported');
  const axes = [normalizeAxis(call.int('axis', -1), x.rank)];
  return div(x, sqrt(reduceSum(mul(x, x), { axes, keepDims: true })));
};

export const normalizations: Readonly<Record<string, Importer>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: (call) => {
    const x = call.tensor(0);
    const axes = (call.intList('axes') ?? [0, 2, 3]).map((axis) => normalizeAxis(axis, x.rank));
    return standardized(x, axes, 1e-9).y;
  },
};
