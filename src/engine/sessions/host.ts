/**
 * @file State in arrays of the thread that computes. Every pack is a pair of buffers: a run reads one and writes the other, and
 * the two change places when it succeeded, so that no step allocates state.
 */
import type { Shape } from '../../graph/tensor.js';
import type { Job } from '../settings.js';
import { MOST_LOOKED_AT, packInputName, packOutputName } from '../step.js';
import type { BoundState, Placement, State, StepRun, StepSession, Value } from './session.js';

class HostState implements State {
  private values: Float32Array;
  private spare: Float32Array | undefined;

  constructor(size: number) {
    this.values = new Float32Array(size);
  }

  get current(): Float32Array {
    return this.values;
  }

  /** Where a run writes; steps that only read need none. */
  get next(): Float32Array {
    this.spare ??= new Float32Array(this.values.length);
    return this.spare;
  }

  async set(data: Float32Array): Promise<void> {
    this.values.set(data);
  }

  async get(): Promise<Float32Array> {
    return this.values.slice();
  }

  isNextFinite(): boolean {
    return this.next.length > MOST_LOOKED_AT || this.next.every(Number.isFinite);
  }

  commit(): void {
    [this.values, this.spare] = [this.next, this.values];
  }

  release(): void {
    this.spare = undefined;
  }
}

/** Arrays of the thread. */
export const hostPlacement: Placement = { create: (size) => new HostState(size) };

/** A session that takes arrays and fills arrays. */
export interface ArraySession {
  run(inputs: readonly Value[], outputs: readonly Value[]): Promise<void>;
  /** See {@link StepSession.runTogether}. */
  runTogether?(runs: readonly Parameters<ArraySession['run']>[], job: Job | undefined): Promise<void>;
  release(): Promise<void>;
}

/** Hands it the packs as arrays too. */
export function withHostStates(session: ArraySession): StepSession {
  const { runTogether } = session;
  return {
    run: (...run) => session.run(...asArrays(run)),
    ...(runTogether && { runTogether: (runs, job) => runTogether(runs.map(asArrays), job) }),
    release: () => session.release(),
  };
}

function asArrays([inputs, outputs, states]: StepRun): Parameters<ArraySession['run']> {
  const held = states as readonly (BoundState & { readonly state: HostState })[];
  const given = held.map(({ name, size, state }) => float(packInputName(name), [size], state.current));
  const wanted = held.flatMap(({ name, size, state, updated }) =>
    updated ? [float(packOutputName(name), [size], state.next)] : [],
  );
  return [
    [...inputs, ...given],
    [...outputs, ...wanted],
  ];
}

/** A float32 value. */
export const float = (name: string, shape: Shape, data: Float32Array): Value => ({
  ...{ name, dtype: 'float32', shape, data },
});
