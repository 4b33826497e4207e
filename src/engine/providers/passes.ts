/** @file The order of the passes of a compiler: optimise, lower, optimise again, with what a provider puts between. */
import {
  type Halves,
  type LoweringTable,
  lower,
  mixedPrecision,
  optimize,
  recomputeActivations,
  recomputeCopies,
} from '../../graph/index.js';
import { eliminateCommonSubexpressions } from '../../graph/passes/common-subexpressions.js';
import { foldConstants } from '../../graph/passes/constant-folding.js';
import type { Repeat } from '../../graph/passes/recompute-activations.js';
import type { MemoryMode, Precision } from '../settings.js';
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

/** What a provider adds to the passes that all have. */
export interface OwnPasses {
  readonly fusion?: Fusion;
  /** How halves are computed with, or why they are not. Default: not. */
  readonly halves?: Halves | string;
  /** Of the step. Default float32. */
  readonly precision?: Precision | undefined;
  /** Lowers what optimising would put together again. */
  readonly last?: LoweringTable;
}

/** @param table of one graph: rules number what they create */
export function passesWith(
  table: LoweringTable,
  memory: MemoryMode,
  { fusion, halves, precision, last }: OwnPasses = {},
): readonly Pass[] {
  const keepRepeated = memory === 'lean';
  const mixed: readonly Pass[] =
    precision === 'mixed' && typeof halves === 'object' ? [(outputs) => mixedPrecision(outputs, halves)] : [];
  const layers = fusion ? [fusion.layers] : [];
  const chains = fusion ? [fusion.chains] : [];
  const repeat: Pass = (outputs) => recomputeActivations(outputs, fusion?.repeat);
  const toStandard: Pass = (outputs) => lower(outputs, table);
  const optimizeKeeping: Pass = (outputs) => optimize(outputs, { keepRepeated });
  const finish: Pass = (outputs) =>
    eliminateCommonSubexpressions(foldConstants(lower(outputs, last!)), { keepRepeated });
  return [
    optimize,
    ...mixed,
    ...layers,
    ...(keepRepeated ? [repeat] : []),
    ...chains,
    toStandard,
    optimizeKeeping,
    ...(last ? [finish] : []),
    recomputeCopies,
  ];
}
