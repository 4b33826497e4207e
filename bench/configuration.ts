/** @file One measurement, as it is handed from the benchmark to the child process that makes it, and its result. */

import type { EngineKind, EngineWish } from '../src/engine/settings.js';

export interface Configuration {
  readonly model: string;
  readonly batch: number;
  readonly size: number;
  readonly threads: number;
  readonly memory: 'fast' | 'lean' | 'auto';
  readonly engine: EngineWish;
  /** Measured steps; 0 measures the start only. */
  readonly steps: number;
  /** Folder of the cache of compiled steps. */
  readonly cache: string;
  /** Folder for ONNX Runtime's raw profile; null measures no shares. */
  readonly profile: string | null;
}

export interface Share {
  readonly opType: string;
  /** Of the time inside operators. */
  readonly share: number;
  readonly millisecondsPerStep: number;
  readonly nodes: number;
}

/** What happens before the first step. */
export interface Start {
  readonly nodes: number;
  /** The mode that was used. */
  readonly memory: 'fast' | 'lean';
  /** The engine that was used. */
  readonly engine: EngineKind;
  /** From nothing to the model file: start of the engine, probe, graph and compiler. */
  readonly buildMs: number;
  readonly createMs: number;
  readonly fromCache: boolean;
}

export interface Measurement extends Start {
  readonly firstStepMs: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly imagesPerSecond: number;
  /** Of the whole process, before profiling. */
  readonly peakMemoryMb: number;
  readonly loss: number;
  readonly shares: readonly Share[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
