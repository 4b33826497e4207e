/** @file Session settings, apart from the module that loads ONNX Runtime, so that the caller's thread never loads it. */

/**
 * `fast` keeps everything that the backward pass of a step reads; `lean` computes activations and normalised maps a second
 * time instead, for about two thirds of the memory. The results are the same bits.
 */
export type MemoryMode = 'fast' | 'lean';

/** Graphics processors: by ONNX Runtime's WebGPU, or by CUDA. */
export const DEVICE_KINDS = ['webgpu', 'cuda'] as const;
/** One of them. */
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** What computes steps on the processor; see {@link EngineKind}. */
export const PROCESSOR_ENGINES = ['fused', 'stock'] as const;

/** All that may have computed a step. */
export const ENGINE_KINDS = [...PROCESSOR_ENGINES, ...DEVICE_KINDS] as const;
/**
 * `fused`: ONNX Runtime with operators of this project's kernel library; `stock`: ONNX Runtime as it comes; `webgpu` and `cuda`: a
 * graphics processor. Their results differ in the last bits.
 */
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** What to ask for: one of the engines, or `auto` for the fused one where it works on this machine. */
export const ENGINE_WISHES = ['auto', 'fused', 'stock'] as const;
/** What may be asked for. */
export type EngineWish = (typeof ENGINE_WISHES)[number];

/** Where to compute: on the processor, on a graphics processor, or `auto` for the one where a step takes the least time. */
export const DEVICE_WISHES = ['cpu', ...DEVICE_KINDS, 'auto'] as const;
/** What may be asked for. */
export type DeviceWish = (typeof DEVICE_WISHES)[number];

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

/** A session on a graphics processor. */
export interface DeviceSession<K extends DeviceKind = DeviceKind> {
  readonly provider: K;
}

/** Which provider makes the session of a step, and what of; it travels to the thread that computes. */
export type SessionTarget = StockTarget | FusedTarget | DeviceSession<'webgpu'> | DeviceSession<'cuda'>;

/** In what numbers a step is computed. */
export const PRECISIONS = ['float32', 'mixed'] as const;
/**
 * `mixed`: maps and their gradients in float16, and in float32 what they are added up in, losses, weights and the optimiser's state
 * (https://arxiv.org/abs/1710.03740).
 */
export type Precision = (typeof PRECISIONS)[number];

/** Processes that compute together. */
export interface Job {
  /** Path of the library of MPI, which has been started. */
  readonly mpi: string;
  readonly ranks: number;
}

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
