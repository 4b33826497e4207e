/**
 * @file What a provider is: one way to compute steps, such as ONNX Runtime as it comes, or with the kernel library. On the
 * caller's thread it says whether it works here (`probe`), which operators a step is written in (`Target.passes`), and what the
 * thread that computes needs to make a session of it (`Target.session`). The other half, which makes sessions and keeps state,
 * is in sessions/. `provider.cases.ts` holds for every provider.
 */
import type { Halves } from '../../graph/index.js';
import type { Tensor, TensorData } from '../../graph/tensor.js';
import type { StepBinding } from '../protocol.js';
import type { EngineKind, MemoryMode, Precision, SessionTarget } from '../settings.js';

/** A graph rewritten: the same values, one for each of `outputs`. */
export type Pass = (outputs: readonly Tensor[]) => Tensor[];

/** What steps are compiled for: a provider on this machine, as its probe has found it. */
export interface Target {
  /** How the thread that computes makes a session. */
  readonly session: SessionTarget;
  /** All that the compiler's result depends on, in JSON: the cache of compiled steps keeps it apart from others. */
  readonly identity: unknown;
  /** Whether a step itself says if the small packs that it leaves are finite, because to read them would take long. Default false. */
  readonly looksAtPacks?: boolean;
  /** How it computes with halves in steps of mixed precision; where it computes those in float32, why. */
  readonly halves: Halves | string;
  /** From a step's graph to one of operators that the session runs, in pieces of a second or less. @param precision default float32 */
  passes(memory: MemoryMode, precision?: Precision): readonly Pass[];
  /**
   * The same for runs side by side whose batch norms go by the statistics of all `batches`; absent where sessions cannot run so.
   *
   * @param batches of all runs, each with one.
   */
  sharedPasses?(memory: MemoryMode, batches: number): readonly Pass[];
}

/** A model that a probe runs once, and what it is fed. */
export interface ProbeModel {
  readonly model: Uint8Array;
  readonly binding: StepBinding;
  /** In the order of the binding. */
  readonly inputs: readonly Float32Array[];
}

/** Runs a probe on the thread that computes and gives its outputs in the order of the binding; rejects where that fails. */
export type ProbeRunner = (probe: ProbeModel, session: SessionTarget) => Promise<readonly TensorData[]>;

/** One way to compute steps. `Problem` is never for one that works everywhere. */
export interface Provider<T extends Target = Target, Problem extends string = string> {
  readonly name: EngineKind;
  /**
   * Finds out whether it computes here what it should; once, whoever asks. Does not reject for what the machine lacks.
   * @returns what to compile for, or why it cannot be used
   */
  probe(run: ProbeRunner): Promise<T | Problem>;
}

/** A provider that looks only once. */
export function providerOf<T extends Target, Problem extends string>(
  name: EngineKind,
  probe: (run: ProbeRunner) => Promise<T | Problem>,
): Provider<T, Problem> {
  let found: Promise<T | Problem> | undefined;
  return {
    name,
    probe: (run) => {
      found ??= probe(run);
      return found;
    },
  };
}
