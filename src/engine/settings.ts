/** @file Session settings, apart from the module that loads ONNX Runtime, so that the caller's thread never loads it. */

/**
 * `fast` keeps everything that the backward pass of a step reads; `lean` computes activations and normalised maps a second
 * time instead, for about two thirds of the memory. The results are the same bits.
 */
export type MemoryMode = 'fast' | 'lean';

export interface SessionSettings {
  /** Threads inside an operator. */
  readonly threads: number;
  /** Let ONNX Runtime rewrite the graph: worth it for model files with constant weights. */
  readonly rewrite: boolean;
  /** Waiting threads look for work instead of sleeping; default true. */
  readonly spinning?: boolean;
  /** Path of the library of fused kernels that the model takes; default: it takes none. */
  readonly kernels?: string;
  /** Path prefix of a profile to write; default none. */
  readonly profile?: string;
}
