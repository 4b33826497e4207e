/** @file What a caller gives a step, checked and laid out for its thread. */

import { OtxError } from '../base/errors.js';
import { type DType, formatType, sizeOf, type TensorData } from '../graph/tensor.js';
import { allocate } from './allocate.js';
import type { NamedType, StepBinding } from './protocol.js';

/** One array per input of a step, by name, of the type that belongs to its dtype and in row-major order. */
export type StepInputs = Readonly<Record<string, TensorData>>;

/** Memory for the inputs of one step; as many sets as runs are under way at once, normally one. */
export class InputBuffers {
  private readonly free: (readonly TensorData[])[] = [];

  constructor(private readonly types: readonly NamedType[]) {}

  copy(data: readonly TensorData[]): readonly TensorData[] {
    const set = this.free.pop() ?? this.types.map(({ dtype, shape }) => allocate(dtype, shape));
    set.forEach((target, i) => {
      (target as Float32Array).set(data[i] as Float32Array);
    });
    return set;
  }

  giveBack(set: readonly TensorData[]): void {
    this.free.push(set);
  }
}

const arrayNames: { readonly [D in DType]: string } = {
  float32: 'Float32Array',
  // Of no input: graphs refuse it.
  float16: 'Float32Array',
  int64: 'BigInt64Array',
  int32: 'Int32Array',
  uint8: 'Uint8Array',
  int8: 'Int8Array',
  bool: 'Uint8Array',
};

/** The inputs of a step in the order of its binding. @throws OtxError `engine` naming one that is missing, unknown or of another type */
export function orderedInputs(step: string, binding: StepBinding, inputs: StepInputs): TensorData[] {
  expectNames(
    step,
    'input',
    binding.inputs.map(({ name }) => name),
    Object.keys(inputs),
  );
  return binding.inputs.map((type) => {
    const data = inputs[type.name]!;
    const size = sizeOf(type.shape);
    if (data.constructor.name !== arrayNames[type.dtype] || data.length !== size)
      throw new OtxError(
        'engine',
        `input ${describeInput(type)} of step "${step}" needs a ${arrayNames[type.dtype]} of ${size} values, got a ${data.constructor.name} of ${data.length}`,
      );
    return data;
  });
}

/** The numbers of a step in the order of its binding. @throws OtxError `engine` naming one that is missing or unknown */
export function orderedScalars(
  step: string,
  binding: StepBinding,
  scalars: Readonly<Record<string, number>>,
): number[] {
  expectNames(step, 'scalar', binding.scalars, Object.keys(scalars));
  return binding.scalars.map((name) => scalars[name]!);
}

function expectNames(step: string, what: string, wanted: readonly string[], given: readonly string[]): void {
  const missing = wanted.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !wanted.includes(name));
  if (missing.length > 0)
    throw new OtxError('engine', `step "${step}" was run without its ${what} ${missing.join(', ')}`);
  if (unknown.length > 0)
    throw new OtxError(
      'engine',
      `step "${step}" has no ${what} ${unknown.join(', ')}; it has ${wanted.join(', ') || 'none'}`,
    );
}

/** For messages. */
export const describeInput = (type: NamedType): string => `${type.name} ${formatType(type)}`;
