/**
 * @file The half of a provider that works on the thread that computes: it makes sessions of steps, and says where the state that
 * they read and write lives.
 */
import type { TensorData } from '../../graph/tensor.js';
import type { NamedType, StepBinding } from '../protocol.js';
import type { Job, SessionSettings, SessionTarget } from '../settings.js';

/** A named value and the array that has it, or gets it. */
export interface Value extends NamedType {
  readonly data: TensorData;
}

/**
 * One pack of state: its values, and those that a run has written and nobody has agreed to yet. So a failed or refused step leaves
 * the state as it was.
 */
export interface State {
  /** Replaces the values. @param data of the size of the pack; copied */
  set(data: Float32Array): Promise<void>;
  /** A copy of the values. */
  get(): Promise<Float32Array>;
  /** Whether what the last run has written is finite, as far as it is looked at. */
  isNextFinite(): boolean;
  /** What the last run has written becomes the values. */
  commit(): void;
  /** Frees its memory. */
  release(): void;
}

/** Where packs live: in arrays of this thread, or in the memory of a device. */
export interface Placement {
  /** A pack of `size` float32 values, all zero. */
  create(size: number): State;
}

/** A pack as a step has it. */
export interface BoundState {
  readonly name: string;
  readonly size: number;
  readonly state: State;
  /** Whether the step writes the pack's next values. */
  readonly updated: boolean;
}

/** A step that is ready to run. */
export interface StepSession {
  /**
   * Fills the arrays of `outputs`, and the next values of the states that are updated. Blocks the thread.
   * @param states each made by the placement of the session's provider
   */
  run(inputs: readonly Value[], outputs: readonly Value[], states: readonly BoundState[]): Promise<void>;
  /**
   * Several runs side by side, whose batch norms wait for each other and for those of a job; absent where there is none of that kind.
   * States that are updated belong to one run each.
   */
  runTogether?(runs: readonly StepRun[], job: Job | undefined): Promise<void>;
  release(): Promise<void>;
}

/** What {@link StepSession.run} takes. */
export type StepRun = Parameters<StepSession['run']>;

/** Makes sessions for the targets of one provider. */
export interface SessionProvider<T extends SessionTarget = SessionTarget> {
  readonly placement: Placement;
  /** Blocks the thread. @throws Error saying why there can be no session of the model */
  createSession(
    model: Uint8Array,
    settings: SessionSettings,
    target: T,
    binding: StepBinding,
  ): Promise<StepSession>;
}
