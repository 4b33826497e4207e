/** @file Initial values of variables. Each variable draws from its own stream, so its value does not depend on the order of creation. */
import { Random } from '../base/random.js';
import { type Shape, sizeOf } from '../graph/tensor.js';
import type { Initializer, VariableSpec } from './scope.js';

/** The initial value of a variable in a run with this seed. */
export function initialValue(spec: VariableSpec, seed: number): Float32Array {
  return spec.init(spec.shape, new Random(`${seed}:${spec.key}`));
}

/** The same everywhere. */
export function constantInit(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** U[-bound, bound) */
export function uniformInit(bound: number): Initializer {
  return (shape, random) => drawn(shape, () => random.range(-bound, bound));
}

/** N(0, deviation²) */
export function normalInit(deviation: number): Initializer {
  return (shape, random) => drawn(shape, () => deviation * random.normal());
}

/** A loop: `Float32Array.from` takes nearly twice as long, which is a second for the largest networks. */
function drawn(shape: Shape, draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/**
 * Kaiming normal for ReLU networks, fan-out mode: N(0, 2 / fanOut) with fanOut = shape[0]·kh·kw, groups not divided out
 * (https://arxiv.org/abs/1502.01852).
 */
export const kaimingNormal: Initializer = (shape, random) =>
  normalInit(Math.sqrt(2 / (shape[0]! * sizeOf(shape.slice(2)))))(shape, random);

/** Kaiming normal for ReLU networks, fan-in mode: N(0, 2 / fanIn). */
export const fanInNormal: Initializer = (shape, random) =>
  normalInit(Math.sqrt(2 / fanIn(shape)))(shape, random);

/** N(0, 2 / fanOut) with fanOut = shape[0]·kh·kw / groups. */
export const fanOutNormal =
  (groups: number): Initializer =>
  (shape, random) =>
    normalInit(Math.sqrt((2 * groups) / (shape[0]! * sizeOf(shape.slice(2)))))(shape, random);

/** Kaiming uniform with a = √5, the usual default of a plain convolution: U(±1/√fanIn). */
export const kaimingUniform: Initializer = (shape, random) =>
  uniformInit(1 / Math.sqrt(fanIn(shape)))(shape, random);

/** The default of a bias beside a {@link kaimingUniform} weight of shape `weightShape`: U(±1/√fanIn). */
export const fanInBias = (weightShape: Shape): Initializer => uniformInit(1 / Math.sqrt(fanIn(weightShape)));

function fanIn(weightShape: Shape): number {
  return sizeOf(weightShape.slice(1));
}
