/** @file Time per operator type from a profile that ONNX Runtime wrote. */
import { readFile } from 'node:fs/promises';
import type { Share } from './configuration.js';

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

/** Largest share first; the first of `runs` recorded runs is left out, because it fills caches and arenas. */
export async function readShares(path: string, runs: number): Promise<Share[]> {
  const events = JSON.parse(await readFile(path, 'utf8')) as ProfileEvent[];
  const kernels = events.filter(({ cat, name }) => cat === 'Node' && name?.endsWith('_kernel_time'));
  const perRun = kernels.length / runs;
  const totals = new Map<string, { microseconds: number; events: number }>();
  for (const { args, dur = 0 } of kernels.slice(perRun)) {
    const opType = args?.op_name ?? 'unknown';
    const total = totals.get(opType) ?? { microseconds: 0, events: 0 };
    total.microseconds += dur;
    total.events += 1;
    totals.set(opType, total);
  }
  const all = [...totals.values()].reduce((sum, { microseconds }) => sum + microseconds, 0);
  return [...totals]
    .map(([opType, total]) => ({
      opType,
      share: total.microseconds / all,
      millisecondsPerStep: total.microseconds / 1000 / (runs - 1),
      nodes: total.events / (runs - 1),
    }))
    .sort((a, b) => b.share - a.share);
}
