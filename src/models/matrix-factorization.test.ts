import { expect, test } from 'vitest';
import { Random } from '../base/random.js';
import { runGraph } from '../engine/run-graph.js';
import { input, reshape, type Tensor } from '../graph/index.js';
import { Scope, type VariableSpec, type VariableStore } from '../nn/index.js';
import { factorized } from './matrix-factorization.js';

const [N, D, H, W] = [2, 5, 3, 4];
const [R, P, EPSILON] = [16, H * W, 1e-6];

type Matrix = number[][];
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, v, k) => sum + v * b[k]![j]!, 0)));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const updated = (a: Matrix, numerator: Matrix, denominator: Matrix): Matrix =>
  a.map((row, i) => row.map((v, j) => (v * numerator[i]![j]!) / (denominator[i]![j]! + EPSILON)));

/** The algorithm as it is written down, on one sample x [D, P] with bases [D, R], in double precision. */
function reference(x: Matrix, initial: Matrix, steps: number): Matrix {
  let bases = initial;
  let coefficients = times(transposed(x), bases).map((row) => {
    const exps = row.map(Math.exp);
    const sum = exps.reduce((a, b) => a + b, 0);
    return exps.map((e) => e / sum);
  });
  const improveCoefficients = () =>
    updated(coefficients, times(transposed(x), bases), times(coefficients, times(transposed(bases), bases)));
  for (let step = 0; step < steps; step++) {
    coefficients = improveCoefficients();
    bases = updated(
      bases,
      times(x, coefficients),
      times(bases, times(transposed(coefficients), coefficients)),
    );
  }
  coefficients = improveCoefficients();
  return times(bases, transposed(coefficients));
}

class BasesInput implements VariableStore {
  get = ({ shape }: VariableSpec): Tensor => reshape(input('bases', 'float32', [shape[1]! * R]), shape);
  update(): void {}
  noise(): undefined {}
}

test.each([
  { training: true, steps: 6 },
  { training: false, steps: 7 },
])('factorisation takes $steps steps (training: $training)', async ({ training, steps }) => {
  const random = new Random('factorisation');
  const image = Float32Array.from({ length: N * D * P }, () => random.uniform());
  const bases = Float32Array.from({ length: D * R }, () => random.uniform());
  const y = factorized(new Scope(new BasesInput(), training), input('x', 'float32', [N, D, H, W]));
  expect(y.shape).toEqual([N, D, H, W]);
  const [values] = (await runGraph([y], { x: image, bases })) as [Float32Array];
  const rows = (data: Float32Array, offset: number, height: number, width: number): Matrix =>
    Array.from({ length: height }, (_, i) => [...data.slice(offset + i * width, offset + (i + 1) * width)]);
  for (let n = 0; n < N; n++) {
    const wanted = reference(rows(image, n * D * P, D, P), rows(bases, 0, D, R), steps).flat();
    const other = reference(rows(image, n * D * P, D, P), rows(bases, 0, D, R), 13 - steps).flat();
    const distance = (matrix: number[]) =>
      Math.max(...matrix.map((value, i) => Math.abs(values[n * D * P + i]! - value)));
    expect(distance(wanted)).toBeLessThan(5e-6);
    expect(distance(other)).toBeGreaterThan(1e-4);
  }
});
