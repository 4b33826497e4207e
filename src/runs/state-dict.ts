/** @file Weights between their three homes: a model's variables, the engine's packs and a checkpoint's tensors. */

import { OtxError } from '../base/errors.js';
import type { ClassInfo } from '../data/index.js';
import type { PackLayout } from '../engine/step.js';
import { type Shape, sameShape } from '../graph/index.js';
import { initialValue, type VariableSpec } from '../nn/index.js';
import type { WeightTensor } from '../weights/index.js';
import type { SafeTensor } from '../weights/safetensors.js';
import { isTrainingState } from '../weights/training-state.js';
import type { Checkpoint } from './checkpoint.js';

/** Row-major values by state-dict key. */
export type StateDict = Map<string, Float32Array>;

/** The last layer, whose rows belong to classes. */
const CLASSIFIER_PREFIX = 'decode_head.conv_seg.';

/** Values of a model before any training, drawn from `seed`. */
export function initialState(variables: readonly VariableSpec[], seed: number): StateDict {
  return new Map(variables.map((spec) => [spec.key, initialValue(spec, seed)]));
}

/**
 * A flat vector cut into named tensors for a checkpoint.
 * @param variables their state types, for tensors under their own keys. All others are written as float32: a moving average
 * of counters is no whole number.
 * @param nameOf name in the checkpoint by key; default: the key itself.
 */
export function packTensors(
  layout: PackLayout,
  flat: Float32Array,
  variables: readonly VariableSpec[],
  nameOf = (key: string): string => key,
): [string, SafeTensor][] {
  const types = new Map(variables.map(({ key, stateType }) => [key, stateType]));
  return layout.entries.map(({ key, shape, offset, size }) => [
    nameOf(key),
    tensorOf(types.get(nameOf(key)) ?? 'float32', shape, flat.subarray(offset, offset + size)),
  ]);
}

/** A state as tensors for a file, in the order of the model. */
export function stateTensors(state: StateDict, variables: readonly VariableSpec[]): Map<string, SafeTensor> {
  return new Map(
    variables.map(({ key, stateType, shape }) => [
      key,
      tensorOf(stateType, shape, state.get(key) as Float32Array),
    ]),
  );
}

function tensorOf(stateType: VariableSpec['stateType'], shape: Shape, data: Float32Array): SafeTensor {
  return stateType === 'int64'
    ? { dtype: 'I64', shape, data: BigInt64Array.from(data, (value) => BigInt(Math.round(value))) }
    : { dtype: 'F32', shape, data };
}

/** How the classes of given weights become those of a model. */
export interface ClassChanges {
  /** Classes of the model that the checkpoint does not know; their rows of the last layer start fresh. */
  readonly newClasses: readonly string[];
  /** Classes whose rows were moved to another place, because the class lists differ. */
  readonly remappedClasses: readonly string[];
  /** Classes of the checkpoint that the model does not have. */
  readonly droppedClasses: readonly string[];
}

/** What a checkpoint gave to a model. */
export interface LoadedState extends ClassChanges {
  readonly state: StateDict;
  /** Tensors of the checkpoint for which the model has no use; the state of a training is not counted. */
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
  const { rows, sameClasses } = rowsByName(known, classes);
  const state: StateDict = new Map();
  for (const { key, shape } of variables) {
    const isClassifier = !sameClasses && key.startsWith(CLASSIFIER_PREFIX);
    const wanted = isClassifier ? [known.length, ...shape.slice(1)] : shape;
    const saved = floats(tensors.get(key), key, wanted, source);
    state.set(key, isClassifier ? pickRows(saved, rows, fresh.get(key) as Float32Array) : saved);
  }
  return {
    state,
    ...classChanges(known, classes),
    leftTensors: [...tensors.keys()].filter((key) => !state.has(key) && !isTrainingState(key)),
  };
}

/** What happens to the classes `known` to some weights in a model with other ones. */
export function classChanges(known: readonly string[], classes: readonly ClassInfo[]): ClassChanges {
  const names = classes.map(({ name }) => name);
  return {
    newClasses: names.filter((name) => !known.includes(name)),
    remappedClasses: rowsByName(known, classes).sameClasses
      ? []
      : known.filter((name) => names.includes(name)),
    droppedClasses: known.filter((name) => !names.includes(name)),
  };
}

/** The row of `known` that each class has, or -1. */
function rowsByName(known: readonly string[], classes: readonly ClassInfo[]) {
  const rows = classes.map(({ name }) => known.indexOf(name));
  const sameClasses = rows.length === known.length && rows.every((row, index) => row === index);
  return { rows, sameClasses };
}

/**
 * `tensors` with the rows of the last layer moved by class name; those of new classes are taken from `fresh`. A last
 * layer that does not have a row for each known class is left as it is.
 */
export function remapClasses(
  tensors: ReadonlyMap<string, WeightTensor>,
  known: readonly string[],
  variables: readonly VariableSpec[],
  classes: readonly ClassInfo[],
  fresh: ReadonlyMap<string, Float32Array>,
): Map<string, WeightTensor> {
  const { rows } = rowsByName(known, classes);
  const result = new Map(tensors);
  for (const { key, shape } of variables) {
    const tensor = tensors.get(key);
    if (!tensor || !key.startsWith(CLASSIFIER_PREFIX)) continue;
    if (!sameShape(tensor.shape, [known.length, ...shape.slice(1)])) continue;
    result.set(key, { shape, data: pickRows(floatsOf(tensor.data), rows, fresh.get(key) as Float32Array) });
  }
  return result;
}

/** What was loaded, remapped by class name, started fresh and left, in one line. */
export function describeLoaded(loaded: LoadedState, expected: number, source: string): string {
  const { state, leftTensors } = loaded;
  return [
    `loaded ${state.size} of ${expected} tensors from ${source}`,
    ...describeClasses(loaded),
    ...(leftTensors.length > 0 ? [`tensors left: ${leftTensors.join(', ')}`] : []),
  ].join('; ');
}

/** A phrase for each kind of change that there is. */
export function describeClasses({ newClasses, remappedClasses, droppedClasses }: ClassChanges): string[] {
  const parts: [string, readonly string[]][] = [
    ['classes kept by name', remappedClasses],
    ['classes that start fresh', newClasses],
    ['classes dropped', droppedClasses],
  ];
  return parts.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${names.join(', ')}`);
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
