/** @file Reductions of a file. */
import {
  abs,
  add,
  argMax,
  exp,
  log,
  mul,
  neg,
  type ReduceOptions,
  reduceMax,
  reduceMean,
  reduceSum,
  sqrt,
  stopGradient,
  sub,
} from '../builders.js';
import { normalizeAxis } from '../shape-rules.js';
import type { Tensor } from '../tensor.js';
import { reducedAxes } from './arithmetic.js';
import type { Call, Importer } from './call.js';

const reduction =
  (f: (x: Tensor, options: ReduceOptions) => Tensor): Importer =>
  (call) => {
    const x = call.tensor(0);
    return f(x, { axes: reducedAxes(call, x.rank), keepDims: call.int('keepdims', 1) === 1 });
  };

/** The largest value is taken out, so that nothing overflows. */
function logSumExp(x: Tensor, { axes = [], keepDims = false }: ReduceOptions): Tensor {
  if (axes.length === 0) return x;
  const top = (keep: boolean) => stopGradient(reduceMax(x, { axes, keepDims: keep }));
  return add(log(reduceSum(exp(sub(x, top(true))), { axes, keepDims })), top(keepDims));
}

function argument(call: Call, x: Tensor): Tensor {
  if (call.int('select_last_index', 0) === 1) throw new Error('the last of equal values is not picked');
  return argMax(x, normalizeAxis(call.int('axis', 0), x.rank), call.int('keepdims', 1) === 1);
}

export const reductions: Readonly<Record<string, Importer>> = {
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(reduceMean),
  ReduceMax: reduction(reduceMax),
  ReduceMin: reduction((x, options) => neg(reduceMax(neg(x), options))),
  ReduceL1: reduction((x, options) => reduceSum(abs(x), options)),
  ReduceL2: reduction((x, options) => sqrt(reduceSum(mul(x, x), options))),
  ReduceSumSquare: reduction((x, options) => reduceSum(mul(x, x), options)),
  ReduceLogSum: reduction((x, options) => log(reduceSum(x, options))),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: (call) => argument(call, call.tensor(0)),
  ArgMin: (call) => argument(call, neg(call.tensor(0))),
};
