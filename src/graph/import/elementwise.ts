/** @file Elementwise operators of a file, activations among them. */
import {
  abs,
  add,
  and,
  cast,
  cumSum,
  div,
  equal,
  erf,
  exp,
  floor,
  gelu,
  greater,
  greaterOrEqual,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  not,
  onnxOp,
  pow,
  reciprocal,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  scalar,
  sigmoid,
  softmax,
  sqrt,
  stopGradient,
  sub,
  type TensorLike,
  tanh,
  where,
} from '../builders.js';
import { normalizeAxis } from '../shape-rules.js';
import { type DType, sizeOf, type Tensor } from '../tensor.js';
import type { Call, Importer } from './call.js';
import { dtypeOfElement } from './read-tensor.js';

const unary =
  (f: (x: Tensor, call: Call) => Tensor): Importer =>
  (call) =>
    f(call.tensor(0), call);

const binary =
  (f: (a: Tensor, b: Tensor) => Tensor): Importer =>
  (call) =>
    f(call.tensor(0), call.tensor(1));

/** Of any number of inputs, from left to right. */
const running =
  (f: (a: Tensor, b: Tensor) => Tensor): Importer =>
  (call) =>
    call.tensors().reduce((a, b) => f(a, b));

/** An operator that no vocabulary has and through which nothing is learned. */
const literal =
  (opType: string): Importer =>
  (call) => {
    const x = stopGradient(call.tensor(0));
    return onnxOp(opType, [x], [x]);
  };

/** max(x, 0) and min(x, 0), whose gradients at 0 are one and one. */
const above = (x: Tensor): Tensor => maximum(x, 0);
const below = (x: Tensor): Tensor => minimum(x, 0);

/** ln(1 + eˣ) without overflow, by the side on which x lies. */
export function softplus(x: Tensor): Tensor {
  return where(greater(x, 0), add(x, log(add(exp(neg(above(x))), 1))), log(add(exp(below(x)), 1)));
}

/** alpha · (eˣ − 1) below 0. */
const elu = (x: Tensor, alpha: number): Tensor => where(greater(x, 0), x, mul(sub(exp(below(x)), 1), alpha));

/** x above 0, else slope · x. */
const leaky = (x: Tensor, slope: TensorLike): Tensor => where(greater(x, 0), x, mul(x, slope));

const hardSigmoid = (x: Tensor, alpha: number, beta: number): Tensor =>
  maximum(minimum(add(mul(x, alpha), beta), 1), 0);

/** x/2 · (1 + tanh(√(2/π)·(x + 0.044715 x³))) */
const tanhGelu = (x: Tensor): Tensor => {
  const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, add(tanh(inner), 1)), 0.5);
};

/** A limit may be an attribute, an input or absent. */
const clip: Importer = (call) => {
  let x = call.tensor(0);
  const bound = (index: number, name: string): Tensor | undefined => {
    if (call.has(index)) {
      const known = call.tensor(index);
      return reshape(known, []);
    }
    return call.hasAttribute(name) ? scalar(call.float(name, 0)) : undefined;
  };
  const [low, high] = [bound(1, 'min'), bound(2, 'max')];
  if (low) x = maximum(x, low);
  if (high) x = minimum(x, high);
  return x;
};

/** Before version 13 all axes from `axis` on were one. */
function alongAxis(call: Call, f: (x: Tensor, axis: number) => Tensor): Tensor {
  const x = call.tensor(0);
  if (call.opset >= 13) return f(x, normalizeAxis(call.int('axis', -1), x.rank));
  const axis = normalizeAxis(call.int('axis', 1), x.rank);
  const rows = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))];
  return axis === x.rank - 1 ? f(x, axis) : reshape(f(reshape(x, rows), 1), x.shape);
}

/** x − max − ln Σ exp(x − max) */
function logSoftmax(x: Tensor, axis: number): Tensor {
  const along = { axes: [axis], keepDims: true };
  const shifted = sub(x, stopGradient(reduceMax(x, along)));
  return sub(shifted, log(reduceSum(exp(shifted), along)));
}

/** Only numbers of one type go together; the exponent may have another. */
const power: Importer = (call) => {
  const x = call.tensor(0);
  if (call.isKnown(1)) {
    const exponent = call.known(1, 'the exponent');
    // A square is everywhere, and a power is one of the slowest operators.
    if (exponent.values.length === 1 && exponent.shape.length <= x.rank && x.dtype === 'float32') {
      if (exponent.values[0] === 2) return mul(x, x);
      if (exponent.values[0] === 0.5) return sqrt(x);
      if (exponent.values[0] === 1) return x;
    }
  }
  return pow(x, cast(call.tensor(1), x.dtype));
};

/** The gradient of the quotient is taken for that of a constant: it jumps. */
const modulo: Importer = (call) => {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  if (a.dtype !== 'float32') throw new Error('whole numbers must be known when the graph is built');
  const quotient = stopGradient(div(a, b));
  if (call.int('fmod', 0) === 0) return sub(a, mul(stopGradient(floor(quotient)), b));
  const cut = cast(cast(quotient, 'int64'), 'float32');
  return sub(a, mul(stopGradient(cut), b));
};

const castTo = (x: Tensor, to: DType): Tensor => cast(x, to);

export const elementwise: Readonly<Record<string, Importer>> = {
  Identity: (call) => call.value(0),
  // Of a network that is used or fine-tuned as it was exported.
  Dropout: (call) => call.value(0),
  Neg: unary(neg),
  Exp: unary(exp),
  Log: unary(log),
  Sqrt: unary(sqrt),
  Reciprocal: unary(reciprocal),
  Abs: unary(abs),
  Erf: unary(erf),
  Floor: unary((x) => floor(stopGradient(x))),
  Ceil: unary((x) => neg(floor(neg(stopGradient(x))))),
  Round: literal('Round'),
  Sign: literal('Sign'),
  Sin: literal('Sin'),
  Cos: literal('Cos'),
  Not: unary(not),
  Cast: unary((x, call) => castTo(x, dtypeOfElement(call.int('to', 1)))),
  CastLike: (call) => castTo(call.tensor(0), call.dtypeOf(1)),

  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(div),
  Pow: power,
  Mod: modulo,
  Sum: running(add),
  Mean: (call) => div(running(add)(call) as Tensor, call.inputs.length),
  Max: running(maximum),
  Min: running(minimum),
  Equal: binary(equal),
  Less: binary(less),
  Greater: binary(greater),
  GreaterOrEqual: binary(greaterOrEqual),
  LessOrEqual: binary((a, b) => greaterOrEqual(b, a)),
  And: binary(and),
  Or: binary((a, b) => not(and(not(a), not(b)))),
  Xor: binary((a, b) => not(equal(cast(a, 'int32'), cast(b, 'int32')))),
  Where: (call) => where(call.tensor(0), call.tensor(1), call.tensor(2)),

  Relu: unary(relu),
  Sigmoid: unary(sigmoid),
  Tanh: unary(tanh),
  Softplus: unary(softplus),
  Softsign: unary((x) => div(x, add(abs(x), 1))),
  Mish: unary((x) => mul(x, tanh(softplus(x)))),
  Clip: clip,
  Elu: unary((x, call) => elu(x, call.float('alpha', 1))),
  Celu: unary((x, call) => {
    const alpha = call.float('alpha', 1);
    return where(greater(x, 0), x, mul(sub(exp(div(below(x), alpha)), 1), alpha));
  }),
  Selu: unary((x, call) => mul(elu(x, call.float('alpha', 1.6732632)), call.float('gamma', 1.05070102))),
  LeakyRelu: unary((x, call) => leaky(x, call.float('alpha', 0.01))),
  PRelu: (call) => leaky(call.tensor(0), call.tensor(1)),
  HardSigmoid: unary((x, call) => hardSigmoid(x, call.float('alpha', 0.2), call.float('beta', 0.5))),
  HardSwish: unary((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Gelu: unary((x, call) => (call.text('approximate', 'none') === 'tanh' ? tanhGelu(x) : gelu(x))),
  Softmax: (call) => alongAxis(call, softmax),
  LogSoftmax: (call) => alongAxis(call, logSoftmax),

  CumSum: (call) => {
    if (call.int('exclusive', 0) === 1) throw new Error('exclusive sums are not imported');
    return cumSum(call.tensor(0), call.known(1, 'the axis').values[0]!, {
      reverse: call.int('reverse', 0) === 1,
    });
  },
};
