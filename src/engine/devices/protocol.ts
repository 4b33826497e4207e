/** @file Messages between a caller and the process in which a device is tried. */
import type { TensorData } from '../../graph/tensor.js';
import type { StepBinding } from '../protocol.js';
import type { SessionTarget } from '../settings.js';

/** Something to run, whose outputs and times are asked for. */
export interface Trial {
  readonly model: Uint8Array;
  readonly binding: StepBinding;
  /** In the order of the binding. */
  readonly inputs: readonly TensorData[];
  readonly target: SessionTarget;
  readonly threads: number;
  /** How often. */
  readonly runs: number;
}

export interface TrialRequest {
  readonly id: number;
  readonly trial: Trial;
}

export interface TrialResult {
  /** Of the last run, in the order of the binding. */
  readonly outputs: readonly TensorData[];
  /** Of every run, the first one included. */
  readonly milliseconds: readonly number[];
}

export type TrialReply =
  | { readonly id: number; readonly result: TrialResult }
  | { readonly id: number; readonly problem: string };
