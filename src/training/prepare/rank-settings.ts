/** @file Settings of processes that train together: what follows from their number, and what they must agree on. */

import { availableParallelism, cpus } from 'node:os';
import { OtxError, option } from '../../base/errors.js';
import { createEngine, type EngineOptions } from '../../engine/engine.js';
import type { Ranks } from '../../engine/ranks/ranks.js';
import type { HyperParameters } from '../../settings/index.js';
import type { TrainOptions } from '../options/train-options.js';

/** One batch in an update for each process, unless somebody says how many there are. */
export function withRanks(options: TrainOptions, { size }: Ranks): TrainOptions {
  return size > 1 && options.accumulate === undefined ? { ...options, accumulate: size } : options;
}

/** @throws OtxError `usage` where the batches of an update cannot be shared evenly. */
export function checkShared({ learning_parameters: { accumulate } }: HyperParameters, { size }: Ranks): void {
  if (accumulate % size === 0) return;
  throw new OtxError(
    'usage',
    `${option('learning_parameters.accumulate')} is ${accumulate}, which ${size} processes cannot share evenly; start a number of them ` +
      'that divides it, or, in a new run, give a multiple of their number',
  );
}

/** @throws OtxError `usage` where batch norms of several batches are to share their statistics, and the engine cannot do that. */
export async function checkSharedNorms(
  { learning_parameters: { sync_batch_norm } }: HyperParameters,
  options: Pick<EngineOptions, 'threads' | 'engine' | 'device'>,
): Promise<void> {
  if (!sync_batch_norm) return;
  const engine = await createEngine(options);
  try {
    const { kind, reason } = await engine.choice();
    if (kind === 'fused') return;
    throw new OtxError(
      'usage',
      `${option('syncBatchNorm')} takes the fused engine, and this is the ${kind} one: ${reason}; see docs/kernels.md, or leave it out`,
    );
  } finally {
    await engine.dispose();
  }
}

/** Threads that compute where nobody says: the cores that this process may use, and no more than its share of the machine. */
export async function sharedThreads(ranks: Ranks): Promise<number> {
  if (ranks.size === 1) return availableParallelism();
  const own = Math.min(availableParallelism(), Math.max(Math.floor(cpus().length / ranks.local), 1));
  // Results depend on it in the last bits.
  return Math.min(...(await ranks.share(own)));
}

/** The settings with the batch that fits the memory of all processes. */
export async function smallestBatch(settings: HyperParameters, ranks: Ranks): Promise<HyperParameters> {
  if (ranks.size === 1) return settings;
  const all = await ranks.share(settings.learning_parameters);
  return { ...settings, learning_parameters: all.reduce((a, b) => (b.batch_size < a.batch_size ? b : a)) };
}

/**
 * Makes sure that all processes train the same.
 *
 * @param facts by what they are; they are compared as JSON.
 * @throws OtxError `usage` naming what differs.
 */
export async function checkAlike(facts: Readonly<Record<string, unknown>>, ranks: Ranks): Promise<void> {
  if (ranks.size === 1) return;
  const texts = Object.entries(facts).map(([name, value]) => [name, JSON.stringify(value) ?? null] as const);
  const [first, ...others] = (await ranks.share(texts)) as [typeof texts, ...(typeof texts)[]];
  for (const [i, other] of others.entries()) {
    const found = other.find(([, text], at) => text !== first[at]?.[1]);
    if (!found) continue;
    throw new OtxError(
      'usage',
      `process ${i + 1} has another ${found[0]} than process 0; all of them need the same version, settings, data and files`,
    );
  }
}
