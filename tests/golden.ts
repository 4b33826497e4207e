/**
 * @file Reads the golden values in `../shared/golden` beside the repository and regenerates the weights, images and
 * labels that they belong to. Tests that need the folder are skipped, visibly, where it is missing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Random } from '../src/base/random.js';
import { type Shape, sizeOf } from '../src/graph/index.js';

const root = fileURLToPath(new URL('../../shared/golden/', import.meta.url));

export const goldenExists = existsSync(root);

export const goldenPath = (name: string): string => `${root}${name}`;

export function readGoldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(goldenPath(name), 'utf8')) as T;
}

/** Little-endian float32 values of a `.npy` file. */
export function readNpy(name: string): { shape: number[]; data: Float32Array } {
  const bytes = readFileSync(goldenPath(name));
  const headerLength = bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, 10 + headerLength);
  const shape = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (!header.includes("'<f4'") || !header.includes("'fortran_order': False") || shape === undefined)
    throw new Error(`${name} is not a row-major float32 array: ${header}`);
  return {
    shape: shape.split(',').filter(Boolean).map(Number),
    data: floats(bytes.subarray(10 + headerLength)),
  };
}

/** The whole file as little-endian float32 values. */
export function readFloats(name: string): Float32Array {
  return floats(readFileSync(goldenPath(name)));
}

function floats(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Value of a state-dict entry. */
export function goldenWeight(key: string, shape: Shape): Float32Array {
  const random = new Random(key);
  const last = key.slice(key.lastIndexOf('.') + 1);
  if (last === 'bases') return unitColumns(shape, random);
  const values = new Float32Array(sizeOf(shape));
  if (last === 'num_batches_tracked') return values;
  const isScale = last === 'running_var' || (last === 'weight' && shape.length === 1);
  if (isScale) return values.map(() => 0.5 + random.uniform());
  const bound = last === 'weight' ? Math.sqrt(3 / sizeOf(shape.slice(1))) : 0.1;
  return values.map(() => (2 * random.uniform() - 1) * bound);
}

/** Uniform values [1, D, R] with every column divided by its norm. */
function unitColumns(shape: Shape, random: Random): Float32Array {
  const rank = shape[2]!;
  const values = new Float64Array(sizeOf(shape)).map(() => random.uniform());
  const norms = Array.from({ length: rank }, (_, r) => norm(values.filter((_, i) => i % rank === r)));
  return Float32Array.from(values, (value, i) => value / norms[i % rank]!);
}

/** Image batch of one case; the stream is named by its seed string. */
export function goldenImages(seed: string, shape: Shape): Float32Array {
  const random = new Random(seed);
  return new Float32Array(sizeOf(shape)).map(() => 4 * random.uniform() - 2);
}

/** Labels of five classes in 8x8 cells with 3 % of the pixels ignored. */
export function goldenLabels([n, h, w]: readonly [number, number, number]): Uint8Array {
  const [rows, cols] = [Math.ceil(h / 8), Math.ceil(w / 8)];
  const cellRandom = new Random('label');
  const cells = new Uint8Array(n * rows * cols).map(() => cellRandom.uint32() % 5);
  const ignoreRandom = new Random('ignore');
  return new Uint8Array(n * h * w).map((_, i) => {
    const x = i % w;
    const y = Math.floor(i / w) % h;
    const image = Math.floor(i / (w * h));
    const cell = cells[(image * rows + (y >> 3)) * cols + (x >> 3)]!;
    return ignoreRandom.uint32() % 100 < 3 ? 255 : cell;
  });
}

/** Fingerprint of a tensor: its scalar product with a random vector that is named by `key`. */
export function probe(key: string, values: ArrayLike<number>): number {
  const random = new Random(`probe:${key}`);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.fround(2 * random.uniform() - 1) * values[i]!;
  return sum;
}

export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** ‖actual − expected‖ / ‖expected‖ */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} values, expected ${expected.length}`);
  const difference = new Float64Array(actual.length);
  for (let i = 0; i < actual.length; i++) difference[i] = actual[i]! - expected[i]!;
  return norm(difference) / norm(expected);
}
