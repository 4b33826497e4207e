/** @file One run of a step on the thread that computes, whoever has made its session. */
import type { TensorData } from '../../graph/tensor.js';
import { allocate } from '../allocate.js';
import type { Requests, StepBinding } from '../protocol.js';
import type { Job } from '../settings.js';
import { float } from './host.js';
import type { Packs } from './packs.js';
import type { BoundState, Placement, State, StepRun, StepSession, Value } from './session.js';

/** A step that is ready to run. */
export interface ReadyStep {
  readonly session: StepSession;
  readonly placement: Placement;
  readonly binding: StepBinding;
}

/**
 * Runs a step, whose packs get their next values unless what it guards is not finite.
 *
 * @param inputs in the order of the binding, like `scalars`.
 * @throws Error when the runtime fails, or a pack has no values; the state is then as before.
 */
export async function runStep(
  { session, placement, binding }: ReadyStep,
  packs: Packs,
  inputs: readonly TensorData[],
  scalars: readonly number[],
): Promise<Omit<Requests['run']['reply'], 'inputs'>> {
  const given = givenValues(binding, inputs, scalars);
  const wanted = wantedValues(binding);
  const outputs = wanted.map(({ data }) => data);
  const states: BoundState[] = [];
  for (const pack of binding.packs) states.push({ ...pack, state: await packs.at(pack.name, placement) });

  const start = performance.now();
  await session.run(given, wanted, states);
  const milliseconds = performance.now() - start;

  const updated = states.flatMap((pack) => (pack.updated ? [pack.state] : []));
  const guard = binding.outputs.findIndex(({ name }) => name === binding.commitIfFinite);
  const committed =
    guard < 0 || (Number.isFinite(outputs[guard]![0]) && updated.every((state) => state.isNextFinite()));
  if (committed) for (const state of updated) state.commit();
  return { outputs, committed, milliseconds };
}

/** What a run of several gives. */
export interface PartOfRun {
  readonly outputs: readonly TensorData[];
  /** What it makes of the packs that the step updates, in the order of the binding. */
  readonly updates: readonly Float32Array[];
}

/**
 * Runs a step on several inputs side by side, with batch norms that share their statistics. It reads none of the packs that it
 * updates, and they stay as they are.
 *
 * @param inputs of each run, in the order of the binding, like `scalars`.
 * @param job other processes that do the same.
 * @throws Error when the runtime fails, or a pack has no values.
 */
export async function runTogether(
  { session, placement, binding }: ReadyStep,
  packs: Packs,
  inputs: readonly (readonly TensorData[])[],
  scalars: readonly number[],
  job: Job | undefined,
): Promise<readonly PartOfRun[]> {
  if (!session.runTogether) throw new Error('runs of this engine share no statistics');
  const runs: StepRun[] = [];
  for (const [i, each] of inputs.entries()) {
    const own = spaceOf(session, i);
    const states: BoundState[] = [];
    for (const pack of binding.packs) {
      const shared = pack.updated ? undefined : await packs.at(pack.name, placement);
      const state = shared ?? own.get(pack.name) ?? placement.create(pack.size);
      if (!shared) own.set(pack.name, state);
      states.push({ ...pack, state });
    }
    runs.push([givenValues(binding, each, scalars), wantedValues(binding), states]);
  }
  await session.runTogether(runs, job);
  const parts: PartOfRun[] = [];
  for (const [, outputs, states] of runs) {
    const updates: Float32Array[] = [];
    for (const { state } of states.filter(({ updated }) => updated)) {
      state.commit();
      updates.push(await state.get());
    }
    parts.push({ outputs: outputs.map(({ data }) => data), updates });
  }
  return parts;
}

/** Memory for what runs side by side make of packs, kept from step to step. */
const spaces = new WeakMap<StepSession, Map<string, State>[]>();

function spaceOf(session: StepSession, run: number): Map<string, State> {
  const all = spaces.get(session) ?? [];
  spaces.set(session, all);
  all[run] ??= new Map();
  return all[run];
}

const givenValues = (
  { inputs: types, scalars: names }: StepBinding,
  inputs: readonly TensorData[],
  scalars: readonly number[],
): Value[] => [
  ...types.map((type, i): Value => ({ ...type, data: inputs[i]! })),
  ...names.map((name, i) => float(name, [], Float32Array.of(scalars[i]!))),
];

const wantedValues = ({ outputs }: StepBinding): Value[] =>
  outputs.map((type) => ({ ...type, data: allocate(type.dtype, type.shape) }));
