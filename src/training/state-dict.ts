/** @file Weights between their three homes: a model's variables, the engine's packs and a checkpoint's tensors. */

import { OtxError } from '../base/errors.js';
import type { ClassInfo } from '../data/index.js';
import type { PackLayout } from '../engine/step.js';
import { sameShape } from '../graph/index.js';
import { initialValue, type VariableSpec } from '../nn/index.js';
import type { SafeTensor } from '../weights/safetensors.js';
import { type Checkpoint, OPTIMIZER_PREFIX } from './checkpoint.js';

/** Row-major values by state-dict key. */
export type StateDict = Map<string, Float32Array>;

/** The last layer, whose rows belong to classes. */
const CLASSIFIER_PREFIX = 'decode_head.conv_seg.';

/** Values of a model before any training, drawn from `seed`. */
export function initialState(variables: readonly VariableSpec[], seed: number): StateDict {
  return new Map(variables.map((spec) => [spec.key, initialValue(spec, seed)]));
}

/** One flat vector in the order of a layout. */
export function packState(layout: PackLayout, state: ReadonlyMap<string, Float32Array>): Float32Array {
  const flat = new Float32Array(layout.size);
  for (const { key, offset } of layout.entries) flat.set(state.get(key) as Float32Array, offset);
  return flat;
}

/** A flat vector cut into named tensors for a checkpoint; `prefix` is put before each name. */
export function packTensors(
  layout: PackLayout,
  flat: Float32Array,
  variables: readonly VariableSpec[],
  prefix = '',
): [string, SafeTensor][] {
  const counters = new Set(variables.filter(({ stateType }) => stateType === 'int64').map(({ key }) => key));
  return layout.entries.map(({ key, shape, offset, size }) => {
    const data = flat.subarray(offset, offset + size);
    return [
      prefix + key,
      counters.has(key)
        ? { dtype: 'I64', shape, data: BigInt64Array.from(data, (value) => BigInt(Math.round(value))) }
        : { dtype: 'F32', shape, data },
    ];
  });
}

/** What a checkpoint gave to a model. */
export interface LoadedState {
  readonly state: StateDict;
  /** Classes of the model that the checkpoint does not know; their rows of the last layer start fresh. */
  readonly newClasses: readonly string[];
  /** Classes whose rows were moved to another place, because the class lists differ. */
  readonly remappedClasses: readonly string[];
  /** Classes of the checkpoint that the model does not have. */
  readonly droppedClasses: readonly string[];
  /** Tensors of the checkpoint for which the model has no use; those of the optimiser are not counted. */
  readonly leftTensors: readonly string[];
}

/**
 * The state of a model whose classes may differ from those of the checkpoint: rows of the last layer go by class name,
 * everything else has to fit exactly.
 *
 * @param fresh values for what the checkpoint does not have.
 * @throws OtxError `checkpoint` naming the first tensor that is missing or has another shape.
 */
export function stateFromCheckpoint(
  { info, tensors }: Checkpoint,
  source: string,
  variables: readonly VariableSpec[],
  classes: readonly ClassInfo[],
  fresh: ReadonlyMap<string, Float32Array>,
): LoadedState {
  const known = info.classes.map(({ name }) => name);
  const rows = classes.map(({ name }) => known.indexOf(name));
  const sameClasses = rows.length === known.length && rows.every((row, index) => row === index);
  const state: StateDict = new Map();
  for (const { key, shape } of variables) {
    const isClassifier = !sameClasses && key.startsWith(CLASSIFIER_PREFIX);
    const wanted = isClassifier ? [known.length, ...shape.slice(1)] : shape;
    const saved = floats(tensors.get(key), key, wanted, source);
    state.set(key, isClassifier ? pickRows(saved, rows, fresh.get(key) as Float32Array) : saved);
  }
  return {
    state,
    newClasses: classes.filter((_, index) => rows[index] === -1).map(({ name }) => name),
    remappedClasses: sameClasses
      ? []
      : known.filter((name) => classes.some((wanted) => wanted.name === name)),
    droppedClasses: known.filter((name) => classes.every((wanted) => wanted.name !== name)),
    leftTensors: [...tensors.keys()].filter((key) => !state.has(key) && !key.startsWith(OPTIMIZER_PREFIX)),
  };
}

/** What was loaded, remapped by class name, started fresh and left, in one line. */
export function describeLoaded(loaded: LoadedState, expected: number, source: string): string {
  const { state, newClasses, remappedClasses, droppedClasses, leftTensors } = loaded;
  const parts: [string, readonly string[]][] = [
    ['classes kept by name', remappedClasses],
    ['classes that start fresh', newClasses],
    ['classes dropped', droppedClasses],
    ['tensors left', leftTensors],
  ];
  return [
    `loaded ${state.size} of ${expected} tensors from ${source}`,
    ...parts.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${names.join(', ')}`),
  ].join('; ');
}

function floats(
  tensor: SafeTensor | undefined,
  key: string,
  shape: readonly number[],
  source: string,
): Float32Array {
  if (!tensor) throw new OtxError('checkpoint', `${source}: has no ${key}; it belongs to another model`);
  if (!sameShape(tensor.shape, shape)) {
    throw new OtxError('checkpoint', `${source}: ${key} is [${tensor.shape}], the model expects [${shape}]`);
  }
  return floatsOf(tensor.data);
}

/** Counters as the floating-point numbers that the engine keeps. */
export function floatsOf(data: Float32Array | BigInt64Array): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data, Number);
}

/** Row i of the result is row `rows[i]` of `saved`, or row i of `fresh` where that is -1. */
function pickRows(saved: Float32Array, rows: readonly number[], fresh: Float32Array): Float32Array {
  const width = fresh.length / rows.length;
  const result = fresh.slice();
  rows.forEach((row, index) => {
    if (row >= 0) result.set(saved.subarray(row * width, (row + 1) * width), index * width);
  });
  return result;
}
