/** @file From a step's graph to a model file for ONNX Runtime: the passes of a target, then serialised. */
import { breathe } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import { abs, type DType, mul, peakMemory, reachableNodes, reduceSum, type Tensor } from '../graph/index.js';
import { serializeLowered } from '../graph/onnx/serialize.js';
import type { NamedType, StepBinding } from './protocol.js';
import type { Target } from './providers/provider.js';
import type { MemoryMode } from './settings.js';
import { finiteOutputName, MOST_LOOKED_AT, packOutputName, type StepGraph, type StepPack } from './step.js';

export interface PreparedStep {
  readonly model: Uint8Array;
  readonly binding: StepBinding;
  /** Operators in the model file. */
  readonly nodeCount: number;
  /** Bytes of the values that are alive at once during a run, at most. */
  readonly peakMemory: number;
}

export interface PrepareOptions {
  readonly target: Target;
  readonly memory: MemoryMode;
  readonly signal?: AbortSignal | undefined;
  /** Batches that share the statistics of batch norms; the target must be able to. Default: none does. */
  readonly sharedBy?: number | undefined;
}

/**
 * Compiles in pieces of a second or less, between which the thread listens to signals.
 *
 * @throws OtxError `graph` when the graph cannot be expressed in ONNX, `aborted` when the signal fires.
 */
export async function prepareStep(step: StepGraph, options: PrepareOptions): Promise<PreparedStep> {
  const { target, memory, signal, sharedBy } = options;
  const pause = () => breathe(signal, 'the step was compiled');
  const packs = packsOf(step);
  const named: Record<string, Tensor> = { ...step.outputs };
  for (const { layout, next } of packs) if (next) named[packOutputName(layout.name)] = next;
  for (const { layout, next } of packs) {
    if (next && isLookedAt(layout.size, target)) named[finiteOutputName(layout.name)] = largeIfBad(next);
  }

  for (const [name, { dtype }] of Object.entries(named)) checkOutput(name, dtype);
  const names = Object.keys(named);
  let lowered = Object.values(named);
  const passes =
    sharedBy === undefined ? target.passes(memory, step.precision) : target.sharedPasses!(memory, sharedBy);
  for (const pass of passes) {
    await pause();
    lowered = pass(lowered);
  }
  await pause();
  const outputs = Object.fromEntries(names.map((name, i) => [name, lowered[i]!]));
  const model = serializeLowered({
    name: 'step',
    inputs: [
      ...Object.values(step.inputs),
      ...Object.values(step.scalars),
      ...packs.map(({ current }) => current),
    ],
    outputs,
  });
  await pause();
  return {
    model,
    binding: bindingOf(step, target),
    nodeCount: reachableNodes(lowered).filter(({ op }) => op !== 'input' && op !== 'constant').length,
    peakMemory: peakMemory(lowered),
  };
}

/** Not finite if any of so few values is not; the sum of all others cannot overflow. */
const largeIfBad = (values: Tensor): Tensor => reduceSum(mul(abs(values), 1 / MOST_LOOKED_AT));

const isLookedAt = (size: number, { looksAtPacks = false }: Target): boolean =>
  looksAtPacks && size <= MOST_LOOKED_AT;

/** How the model file of a step is fed and fetched, whoever has compiled it. */
export function bindingOf(step: StepGraph, target: Target): StepBinding {
  return {
    inputs: namedTypes(step.inputs),
    scalars: Object.keys(step.scalars),
    packs: packsOf(step).map(({ layout, next }) => ({
      name: layout.name,
      size: layout.size,
      updated: next !== undefined,
      ...(next && isLookedAt(layout.size, target) ? { looked: true } : {}),
    })),
    outputs: namedTypes(step.outputs),
    ...(step.commitIfFinite === undefined ? {} : { commitIfFinite: step.commitIfFinite }),
  };
}

/** A pack without entries is state in name only: ONNX Runtime never sees it. */
function packsOf(step: StepGraph): readonly StepPack[] {
  return step.packs.filter(({ layout }) => layout.size > 0);
}

function namedTypes(tensors: Readonly<Record<string, Tensor>>): NamedType[] {
  return Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
}

/** @throws OtxError `graph` for a type that no array has. */
function checkOutput(name: string, dtype: DType): void {
  if (dtype === 'float16')
    throw new OtxError(
      'graph',
      `output "${name}" is float16, which is for values inside a graph; cast it to float32`,
    );
}
