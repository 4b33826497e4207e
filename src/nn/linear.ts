/** @file Fully connected layer with its variables `weight` and `bias`. */
import { add, matMul } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';
import { constantInit } from './initializers.js';
import type { Initializer, Scope } from './scope.js';

/** Form of a linear layer. */
export interface LinearOptions {
  /** Output features. */
  readonly features: number;
  /** Of the weight; the bias starts at zero. */
  readonly init: Initializer;
}

/** x [N, C] → x · weightᵀ + bias [N, features]. */
export function linear(scope: Scope, x: Tensor, { features, init }: LinearOptions): Tensor {
  return scope.trace(() => {
    const weight = scope.parameter('weight', [features, x.shape[1]!], init);
    const bias = scope.parameter('bias', [features], constantInit(0));
    return add(matMul(x, weight, { transB: true }), bias);
  });
}
