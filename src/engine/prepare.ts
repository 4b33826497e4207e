/** @file From a step's graph to a model file for ONNX Runtime: optimise, lower, optimise again, serialise. */
import { breathe } from '../base/abortable.js';
import { fuseChains, fuseLayers } from '../graph/fusion/fuse.js';
import { repeatFused } from '../graph/fusion/repeat.js';
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
  return passesFor(capabilities, memory).reduce((tensors, pass) => pass(tensors), [...outputs]);
}

type Pass = (outputs: readonly Tensor[]) => Tensor[];

function passesFor(
  capabilities: CpuCapabilities | undefined,
  memory: MemoryMode,
  fused = false,
): readonly Pass[] {
  const table = cpuLowering(capabilities);
  const toStandard: Pass = (outputs) => lower(outputs, table);
  const layers: readonly Pass[] = fused ? [fuseLayers] : [];
  const chains: readonly Pass[] = fused ? [(outputs) => fuseChains(outputs)] : [];
  if (memory === 'fast') return [optimize, ...layers, ...chains, toStandard, optimize, recomputeCopies];
  const optimizeKeeping: Pass = (outputs) => optimize(outputs, { keepRepeated: true });
  const repeat: Pass = (outputs) => recomputeActivations(outputs, fused ? repeatFused : undefined);
  return [optimize, ...layers, repeat, ...chains, toStandard, optimizeKeeping, recomputeCopies];
}

export interface PrepareOptions {
  /** Default: standard operators only. */
  readonly capabilities?: CpuCapabilities;
  /** Default fast. */
  readonly memory?: MemoryMode;
  /** Use operators of the kernel library; default false. */
  readonly fused?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compiles in pieces of a second or less, between which the thread listens to signals.
 *
 * @throws OtxError `graph` when the graph cannot be expressed in ONNX, `aborted` when the signal fires.
 */
export async function prepareStep(step: StepGraph, options: PrepareOptions = {}): Promise<PreparedStep> {
  const { capabilities, memory = 'fast', fused, signal } = options;
  const pause = () => breathe(signal, 'the step was compiled');
  const packs = packsOf(step);
  const named: Record<string, Tensor> = { ...step.outputs };
  for (const { layout, next } of packs) if (next) named[packOutputName(layout.name)] = next;

  const names = Object.keys(named);
  let lowered = Object.values(named);
  for (const pass of passesFor(capabilities, memory, fused)) {
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
