/**
 * @file Random numbers of a training step. They are drawn on the host from a seeded stream and handed over as one flat
 * input, never by random operators of the graph: only then does a resumed run repeat an uninterrupted one bit by bit.
 */
import { OtxError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { reshape, split } from '../graph/builders.js';
import { sameShape, sizeOf, type Tensor } from '../graph/tensor.js';
import type { NoiseSpec } from './scope.js';

/** What a training-mode forward pass draws from. */
export interface NoiseSource {
  /** Uniform numbers of [0, 1) of the shape of `spec`, or undefined to leave the randomness out. */
  take(spec: NoiseSpec): Tensor | undefined;
}

/** Switches drop-path and dropout off. */
export const noNoise: NoiseSource = { take: () => undefined };

/** Length of the flat vector that holds all of `specs`. */
export function noiseSize(specs: readonly NoiseSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/**
 * Cuts one vector of uniform numbers into what a model asks for.
 * @param flat float32 [{@link noiseSize}]
 */
export function noiseFrom(flat: Tensor, specs: readonly NoiseSpec[]): NoiseSource {
  const parts = split(
    flat,
    specs.map(({ shape }) => sizeOf(shape)),
    0,
  );
  const byKey = new Map(specs.map(({ key, shape }, i) => [key, reshape(parts[i]!, shape)]));
  return {
    take: ({ key, shape }) => {
      const values = byKey.get(key);
      if (!values || !sameShape(values.shape, shape))
        throw new OtxError(
          'graph',
          `${key} draws noise [${shape}], the step provides ${values ? `[${values.shape}]` : 'none'}`,
        );
      return values;
    },
  };
}

/** `size` uniform numbers of [0, 1) in steps of 2⁻²⁴, so that no rounding to float32 reaches 1. */
export function drawNoise(size: number, random: Random): Float32Array {
  return new Float32Array(size).map(() => (random.uint32() >>> 8) / 2 ** 24);
}
