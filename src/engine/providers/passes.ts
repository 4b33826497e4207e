/** @file The order of the passes of a compiler: optimise, lower, optimise again, with what a provider puts between. */
import {
  type LoweringTable,
  lower,
  optimize,
  recomputeActivations,
  recomputeCopies,
} from '../../graph/index.js';
import type { Repeat } from '../../graph/passes/recompute-activations.js';
import type { MemoryMode } from '../settings.js';
import type { Pass } from './provider.js';

/** Operators of a provider that take the place of patterns, before anything is lowered. */
export interface Fusion {
  /** First what belongs to layers, whose results may be computed once more where memory is short. */
  readonly layers: Pass;
  /** How that is done. */
  readonly repeat: Repeat;
  /** Then what is left between them. */
  readonly chains: Pass;
}

/** @param table of one graph: rules number what they create */
export function passesWith(table: LoweringTable, memory: MemoryMode, fusion?: Fusion): readonly Pass[] {
  const layers = fusion ? [fusion.layers] : [];
  const chains = fusion ? [fusion.chains] : [];
  const toStandard: Pass = (outputs) => lower(outputs, table);
  if (memory === 'fast') return [optimize, ...layers, ...chains, toStandard, optimize, recomputeCopies];
  const optimizeKeeping: Pass = (outputs) => optimize(outputs, { keepRepeated: true });
  const repeat: Pass = (outputs) => recomputeActivations(outputs, fusion?.repeat);
  return [optimize, ...layers, repeat, ...chains, toStandard, optimizeKeeping, recomputeCopies];
}
