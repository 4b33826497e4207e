/** @file Decoupled weight decay for part of a flat parameter vector. */
import { concat, mul, split } from '../graph/builders.js';
import type { Tensor } from '../graph/tensor.js';

/** Place of one parameter in the flat vector; entries follow each other without gaps. */
export interface ParameterEntry {
  readonly key: string;
  readonly size: number;
}

/**
 * `parameters` with every entry multiplied by `keep`, except those of `exempt` names. Cuts the vector where that changes:
 * a mask would be a constant as large as the model.
 * @param keep scalar
 */
export function decayed(
  parameters: Tensor,
  keep: Tensor,
  entries: readonly ParameterEntry[],
  exempt: (key: string) => boolean,
): Tensor {
  const runs: { decays: boolean; size: number }[] = [];
  for (const { key, size } of entries) {
    const decays = !exempt(key);
    const last = runs.at(-1);
    if (last?.decays === decays) last.size += size;
    else runs.push({ decays, size });
  }
  const parts = split(
    parameters,
    runs.map(({ size }) => size),
    0,
  );
  return concat(
    parts.map((part, i) => (runs[i]!.decays ? mul(part, keep) : part)),
    0,
  );
}
