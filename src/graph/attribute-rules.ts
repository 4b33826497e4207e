/**
 * @file What attributes and element types an operator takes, beside how shapes follow from them. What is refused here would be
 * refused by the runtime much later, without a name, or computed as something else.
 */
import { type DType, isFloat, type Shape, type TensorType } from './types.js';
import type {
  ConvAttributes,
  CrossEntropyAttributes,
  OpAttributes,
  OpName,
  ReduceAttributes,
} from './vocabulary.js';

type Rule<A> = (attributes: A, inputs: readonly TensorType[]) => void;

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** @throws Error unless all are whole numbers of at least `least`. */
function whole(what: string, values: readonly number[], least: number, count = values.length): void {
  const fits = values.length === count && values.every((value) => Number.isInteger(value) && value >= least);
  const many = count === values.length ? '' : `${count} `;
  check(fits, `${what} [${values}] must be ${many}whole numbers from ${least}`);
}

function finite(what: string, value: number): void {
  check(Number.isFinite(value), `${what} is ${value}, expected a number`);
}

function flag(what: string, value: boolean): void {
  check(typeof value === 'boolean', `${what} is ${value}, expected true or false`);
}

const ARRAYS: Readonly<Record<DType, { readonly name: string; new (): object }>> = {
  float32: Float32Array,
  float16: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
};

function type({ dtype, shape }: TensorType): void {
  check(dtype in ARRAYS, `has no type "${dtype}"; types are ${Object.keys(ARRAYS).join(', ')}`);
  dimensions(shape);
}

const dimensions = (shape: Shape): void => whole('shape', shape, 0);

/** Element types of all inputs. */
function types(inputs: readonly TensorType[], allowed: readonly DType[]): void {
  for (const { dtype } of inputs)
    check(
      allowed.includes(dtype),
      allowed.length > 1 ? `takes ${allowed.join(', ')}, got ${dtype}` : `needs ${allowed[0]}, got ${dtype}`,
    );
}

const NUMBERS: readonly DType[] = ['float32', 'float16', 'int64', 'int32', 'uint8', 'int8'];
const SIGNED: readonly DType[] = ['float32', 'float16', 'int64', 'int32', 'int8'];
const floats: Rule<unknown> = (_, inputs) => {
  for (const type of inputs) check(isFloat(type), `needs float32, got ${type.dtype}`);
};
const numbers: Rule<unknown> = (_, inputs) => types(inputs, NUMBERS);
const signed: Rule<unknown> = (_, inputs) => types(inputs, SIGNED);

const ofClasses: Rule<CrossEntropyAttributes> = ({ weights }, inputs) => {
  for (const weight of weights) finite('weight', weight);
  types(inputs, ['float32']);
};

const reduction: Rule<ReduceAttributes> = ({ axes, keepDims }, inputs) => {
  check(axes.every(Number.isInteger), `axes [${axes}] must be whole numbers`);
  flag('keepDims', keepDims);
  types(inputs, NUMBERS);
};

function window({ strides, pads, dilations }: Omit<ConvAttributes, 'group'>): void {
  whole('strides', strides, 1, 2);
  whole('pads', pads, 0, 4);
  whole('dilations', dilations, 1, 2);
}

const convolution: Rule<ConvAttributes> = ({ group, ...place }, inputs) => {
  window(place);
  whole('group', [group], 1);
  floats(undefined, inputs);
};

const ofMaps: Rule<unknown> = (_, inputs) => {
  for (const { shape } of inputs.slice(0, 2))
    check(shape.length === 4, `needs inputs of rank 4, got [${shape}]`);
};

/** Vectors of one value a channel, of a map with channels. */
function channels(map: TensorType, vectors: readonly TensorType[]): void {
  check(map.shape.length >= 2, `needs channels, got [${map.shape}]`);
  for (const { shape } of vectors)
    check(shape.length === 1 && shape[0] === map.shape[1], `[${shape}] must be [${map.shape[1]}]`);
}

function epsilon(value: number): void {
  check(Number.isFinite(value) && value >= 0, `epsilon is ${value}, expected a number from 0`);
}

/** By operator; those without an entry have no attributes that could be wrong, and take what their shape rule takes. */
export const attributeRules: { readonly [O in OpName]?: Rule<OpAttributes[O]> } = {
  input: ({ name, type: of }) => {
    check(typeof name === 'string' && name !== '', 'needs a name');
    type(of);
    check(
      of.dtype !== 'float16',
      'cannot be fed as float16, which is for values inside a graph; feed float32',
    );
  },
  constant: ({ data, type: of }) => {
    type(of);
    check(
      data instanceof ARRAYS[of.dtype],
      `values of ${of.dtype} are a ${ARRAYS[of.dtype].name}, got a ${data?.constructor?.name}`,
    );
  },

  neg: signed,
  abs: signed,
  cast: ({ to }) => check(to in ARRAYS, `has no type "${to}"; types are ${Object.keys(ARRAYS).join(', ')}`),
  add: numbers,
  sub: numbers,
  mul: numbers,
  div: numbers,
  pow: floats,
  maximum: numbers,
  minimum: numbers,
  less: numbers,
  greater: numbers,
  greaterOrEqual: numbers,

  reduceSum: reduction,
  reduceMean: reduction,
  reduceMax: reduction,
  argMax: ({ keepDims }, inputs) => {
    flag('keepDims', keepDims);
    types(inputs, NUMBERS);
  },
  cumSum: ({ reverse }) => flag('reverse', reverse),

  reshape: ({ shape }) =>
    check(
      shape.every((size) => size >= 0),
      `shape [${shape}] has a negative size`,
    ),
  expand: ({ shape }) => dimensions(shape),
  split: ({ sizes }) => {
    check(sizes.length > 0, 'needs at least one part');
    whole('parts', sizes, 1);
  },
  slice: ({ axes, starts, ends, steps }) => {
    const lengths = [starts, ends, steps].map(({ length }) => length);
    check(
      axes.length > 0 && lengths.every((length) => length === axes.length),
      `has ${axes.length} axes, ${lengths[0]} starts, ${lengths[1]} ends and ${lengths[2]} steps`,
    );
    check(new Set(axes).size === axes.length, `axes [${axes}] repeat`);
    for (const [what, values] of Object.entries({ starts, ends, steps })) whole(what, values, 0);
  },
  pad: ({ pads, value }, inputs) => {
    check(pads.every(Number.isInteger), `pads [${pads}] must be whole numbers`);
    check(!Number.isNaN(value), 'pads with what is no number');
    types(inputs, NUMBERS);
  },
  take: ({ indices }) => whole('indices', indices, 0),

  matMul: ({ transA, transB, alpha }, inputs) => {
    flag('transA', transA);
    flag('transB', transB);
    finite('alpha', alpha);
    floats(undefined, inputs);
  },
  conv: convolution,
  convInputGrad: (attributes, inputs) => {
    convolution(attributes, inputs);
    ofMaps(attributes, inputs);
    whole('inputSize', attributes.inputSize, 1, 2);
  },
  convWeightGrad: (attributes, inputs) => {
    convolution(attributes, inputs);
    ofMaps(attributes, inputs);
    whole('kernel', attributes.kernel, 1, 2);
  },

  batchNorm: (attributes, inputs) => {
    epsilon(attributes.epsilon);
    types(inputs, ['float32']);
    if (inputs.length === 3) channels(inputs[0]!, inputs.slice(1));
  },
  batchNormGrad: (attributes, inputs) => {
    epsilon(attributes.epsilon);
    types(inputs, ['float32']);
    if (inputs.length === 5) channels(inputs[1]!, inputs.slice(2));
  },

  crossEntropy: ofClasses,
  crossEntropyGrad: ofClasses,

  quantizeLinear: ({ axis }) => check(Number.isInteger(axis), `axis ${axis} is no whole number`),
  dequantizeLinear: ({ axis }) => check(Number.isInteger(axis), `axis ${axis} is no whole number`),

  averagePool: ({ kernel }, inputs) => {
    whole('kernel', kernel, 1, 2);
    floats(undefined, inputs);
  },
  maxPool: ({ kernel, strides, pads, dilations }, inputs) => {
    whole('kernel', kernel, 1, 2);
    window({ strides, pads, dilations });
    floats(undefined, inputs);
  },
  resizeNearest: ({ size }) => check(size.length === 2, `size [${size}] must be 2 whole numbers`),
  resizeBilinear: ({ size, alignCorners }, inputs) => {
    check(size.length === 2, `size [${size}] must be 2 whole numbers`);
    flag('alignCorners', alignCorners);
    floats(undefined, inputs);
  },
};
