/** @file One run of a step on the thread that computes, whoever has made its session. */
import type { TensorData } from '../../graph/tensor.js';
import { allocate } from '../allocate.js';
import type { Requests, StepBinding } from '../protocol.js';
import { float } from './host.js';
import type { Packs } from './packs.js';
import type { BoundState, Placement, StepSession, Value } from './session.js';

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
  const given = [
    ...binding.inputs.map((type, i): Value => ({ ...type, data: inputs[i]! })),
    ...binding.scalars.map((name, i) => float(name, [], Float32Array.of(scalars[i]!))),
  ];
  const wanted = binding.outputs.map((type): Value => ({ ...type, data: allocate(type.dtype, type.shape) }));
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
