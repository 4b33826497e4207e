/** @file From a step's graph to a model file for ONNX Runtime: optimise, lower, optimise again, serialise. */
import {
  lower,
  optimize,
  peakMemory,
  reachableNodes,
  recomputeActivations,
  recomputeCopies,
  type Tensor,
} from '../graph/index.js';
import { serializeLowered } from '../graph/onnx/serialize.js';
import type { NamedType, StepBinding } from './protocol.js';
import { type CpuCapabilities, cpuLowering } from './providers/cpu.js';
import type { MemoryMode } from './settings.js';
import { packOutputName, type StepGraph, type StepPack } from './step.js';

export interface PreparedStep {
  readonly model: Uint8Array;
  readonly binding: StepBinding;
  /** Operators in the model file. */
  readonly nodeCount: number;
  /** Bytes of the values that are alive at once during a run, at most. */
  readonly peakMemory: number;
}

/** The same values in operators that the CPU provider runs. */
export function lowerForCpu(
  outputs: readonly Tensor[],
  capabilities?: CpuCapabilities,
  memory: MemoryMode = 'fast',
): Tensor[] {
  const table = cpuLowering(capabilities);
  const small = optimize(outputs);
  if (memory === 'fast') return recomputeCopies(optimize(lower(small, table)));
  return recomputeCopies(optimize(lower(recomputeActivations(small), table), { keepRepeated: true }));
}

export interface PrepareOptions {
  /** Default: standard operators only. */
  readonly capabilities?: CpuCapabilities;
  /** Default fast. */
  readonly memory?: MemoryMode;
}

/** @throws OtxError `graph` when the graph cannot be expressed in ONNX. */
export function prepareStep(step: StepGraph, options: PrepareOptions = {}): PreparedStep {
  const { capabilities, memory = 'fast' } = options;
  const packs = packsOf(step);
  const named: Record<string, Tensor> = { ...step.outputs };
  for (const { layout, next } of packs) if (next) named[packOutputName(layout.name)] = next;

  const names = Object.keys(named);
  const lowered = lowerForCpu(Object.values(named), capabilities, memory);
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
  return {
    model,
    binding: bindingOf(step),
    nodeCount: reachableNodes(lowered).filter(({ op }) => op !== 'input' && op !== 'constant').length,
    peakMemory: peakMemory(lowered),
  };
}

/** How the model file of a step is fed and fetched, whoever has compiled it. */
export function bindingOf(step: StepGraph): StepBinding {
  return {
    inputs: namedTypes(step.inputs),
    scalars: Object.keys(step.scalars),
    packs: packsOf(step).map(({ layout, next }) => ({
      name: layout.name,
      size: layout.size,
      updated: next !== undefined,
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
