/** @file Session settings, apart from the module that loads ONNX Runtime, so that the caller's thread never loads it. */

/**
 * `fast` keeps everything that the backward pass of a step reads; `lean` computes activations and normalised maps a second
 * time instead, for about two thirds of the memory. The results are the same bits.
 */
export type MemoryMode = 'fast' | 'lean';

/**
 * `fused`: ONNX Runtime with operators of this project's kernel library; `stock`: ONNX Runtime as it comes. Their results
 * differ in the last bits.
 */
export type EngineKind = 'fused' | 'stock';

/** What to ask for: one of the engines, or `auto` for the fused one where it works on this machine. */
export const ENGINE_WISHES = ['auto', 'fused', 'stock'] as const;
/** What may be asked for. */
export type EngineWish = (typeof ENGINE_WISHES)[number];

/** A session of ONNX Runtime as it comes. */
export interface StockTarget {
  readonly provider: 'stock';
}

/** A session whose graph has operators of the kernel library. */
export interface FusedTarget {
  readonly provider: 'fused';
  /** Path of the library. */
  readonly library: string;
}

/** Which provider makes the session of a step, and what of; it travels to the thread that computes. */
export type SessionTarget = StockTarget | FusedTarget;

export interface SessionSettings {
  /** Threads inside an operator. */
  readonly threads: number;
  /** Let ONNX Runtime rewrite the graph: worth it for model files with constant weights. */
  readonly rewrite: boolean;
  /** Waiting threads look for work instead of sleeping; default true. */
  readonly spinning?: boolean;
  /** Path prefix of a profile to write; default none. */
  readonly profile?: string;
}
