/** @file Session settings, apart from the module that loads ONNX Runtime, so that the caller's thread never loads it. */

/**
 * `fast` keeps the memory of a run in ONNX Runtime's arena for the next one; `lean` gives it back after every run, for about
 * a tenth more time per step.
 */
export type MemoryMode = 'fast' | 'lean';

export interface SessionSettings {
  /** Threads inside an operator. */
  readonly threads: number;
  readonly memory: MemoryMode;
  /** Let ONNX Runtime rewrite the graph: worth it for model files with constant weights. */
  readonly rewrite: boolean;
  /** Waiting threads look for work instead of sleeping; default true. */
  readonly spinning?: boolean;
  /** Path prefix of a profile to write; default none. */
  readonly profile?: string;
}
