/** @file Low-rank approximation of a feature map by non-negative matrix factorisation inside the graph. */
import { add, div, matMul, mul, reshape, softmax, type Tensor, transpose } from '../graph/index.js';
import type { Initializer, Scope } from '../nn/index.js';

const RANK = 16;
const STEPS = { training: 6, evaluation: 7 };
/** Keeps the denominators of the multiplicative updates positive. */
const EPSILON = 1e-6;

/**
 * x [N, D, H, W] ≥ 0, seen as one matrix [D, H·W] per sample, replaced by its approximation of rank 16: multiplicative
 * updates (Lee & Seung 2001) alternate between coefficients and bases, and gradients flow through all of them. The bases
 * start from the buffer `bases` [1, D, 16], drawn once and never changed, so that evaluation is deterministic.
 */
export function factorized(scope: Scope, x: Tensor): Tensor {
  return scope.trace(() => {
    const [n, depth, height, width] = x.shape as [number, number, number, number];
    const data = reshape(x, [n, depth, height * width]);
    const transposed = transpose(data, [0, 2, 1]);
    // Both factors are kept with their rank first, [N, R, D] and [N, R, H·W]: the two updates are then the same formula.
    let bases = transpose(scope.buffer('bases', [1, depth, RANK], unitColumns), [0, 2, 1]);
    let coefficients = softmax(matMul(bases, data), 1);
    const steps = scope.training ? STEPS.training : STEPS.evaluation;
    for (let step = 0; step < steps; step++) {
      coefficients = update(coefficients, bases, data);
      bases = update(bases, coefficients, transposed);
    }
    coefficients = update(coefficients, bases, data);
    return reshape(matMul(transpose(bases, [0, 2, 1]), coefficients), x.shape);
  });
}

/** factor ∘ (other·data) / (other·otherᵀ·factor + ε) */
function update(factor: Tensor, other: Tensor, data: Tensor): Tensor {
  const gram = matMul(other, transpose(other, [0, 2, 1]));
  return mul(factor, div(matMul(other, data), add(matMul(gram, factor), EPSILON)));
}

/** U[0, 1), then every column of [1, D, R] divided by its norm. */
const unitColumns: Initializer = (shape, random) => {
  const [, depth, rank] = shape as [number, number, number];
  const values = Float32Array.from({ length: depth * rank }, () => random.uniform());
  for (let r = 0; r < rank; r++) {
    let squares = 0;
    for (let d = 0; d < depth; d++) squares += values[d * rank + r]! ** 2;
    for (let d = 0; d < depth; d++) values[d * rank + r]! /= Math.sqrt(squares);
  }
  return values;
};
