/** @file The weights in training: the engine with the compiled steps of a method and the state they work on. */

import { abortable } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import type { Share, TrainBatch } from '../data/index.js';
import { batchesPerStep, WHOLE_SHARE } from '../data/loaders/share.js';
import type { CompiledStep, Engine, EngineChoice, SharedNorms } from '../engine/engine.js';
import type { Ranks } from '../engine/ranks/ranks.js';
import type { Precision } from '../engine/settings.js';
import type { PackLayout, StepGraph } from '../engine/step.js';
import type { Forward } from '../inference/validate.js';
import { averagePrefix } from '../methods/average.js';
import { type Learning, splitStep } from '../methods/learning.js';
import type { LossScale } from '../methods/loss-scale.js';
import type { MethodGraphs, StatePack } from '../methods/method.js';
import { packState } from '../methods/model-state.js';
import type { VariableSpec } from '../nn/index.js';
import { floatsOf, packTensors, type StateDict } from '../runs/state-dict.js';
import type { SafeTensor } from '../weights/safetensors.js';
import { isTrainingState } from '../weights/training-state.js';
import { dividedStep, type RunStep, type StepResult, sharedStep, wholeStep } from './step-runner.js';

/** As much of an engine as a session uses; in a browser it is another one. */
export type SessionEngine = Pick<
  Engine,
  'choice' | 'compile' | 'setState' | 'getState' | 'join' | 'reduce' | 'dispose'
>;

export interface SessionOptions {
  readonly graphs: MethodGraphs;
  readonly variables: readonly VariableSpec[];
  /** Weights to start from. */
  readonly state: StateDict;
  /** State of the method to go on with, as {@link TrainingSession.tensors} gives it. Default: its beginning. */
  readonly saved?: ReadonlyMap<string, SafeTensor> | undefined;
  /** Of drop-path, dropout and whatever else a step draws. */
  readonly seed: number;
  /** Starts what computes the steps, of which the session disposes. */
  readonly openEngine: () => Promise<SessionEngine>;
  /** How steps have several batches. Default: they are single ones. */
  readonly share?: Share | undefined;
  /** Whether the batch norms of these batches share their statistics. Default false. */
  readonly isNormShared?: boolean | undefined;
  /** Those who have the others of them. Default: nobody. */
  readonly ranks?: Ranks | undefined;
  /** Called before the first and after each of the steps and evaluations that are compiled. */
  readonly onCompile?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the training loop needs of the engine. */
export interface TrainingSession {
  /** What computes the steps; of a graphics processor with the bytes of its memory that they take at their peaks, as estimated. */
  readonly engine: Omit<EngineChoice, 'notMixed'> & {
    readonly memory?: number;
    /** There where steps are computed in mixed precision. */
    readonly precision?: Precision;
  };
  /** Why steps of mixed precision are computed in float32; undefined where they are not, or none is asked for. */
  readonly notMixed?: string | undefined;
  /**
   * One optimiser step, of as many batches as this process has in one. A loss or gradient that is not finite leaves everything as it was.
   *
   * @param update number of this update, from 1; an undone step does not count.
   * @param planned updates of the whole training. Default: nobody knows, and an average over the last of them never begins.
   * @param lossScale in mixed precision; default that of the first step.
   */
  step(
    batches: readonly TrainBatch[],
    learningRate: number,
    update: number,
    planned?: number,
    lossScale?: LossScale,
  ): Promise<StepResult>;
  /** The current weights applied to one image of the validation size; undefined for a method that does not segment. */
  readonly forward: Forward | undefined;
  /** The same for the method's other evaluations, by name. */
  readonly others: Readonly<Record<string, Forward>>;
  /** Names of those of them whose weights may be kept; see {@link MethodGraphs.averages}. */
  readonly averages: readonly string[];
  /** The current weights by state-dict key, with all else that the method remembers if wanted. */
  tensors(options: { trainingState: boolean }): Promise<Map<string, SafeTensor>>;
  /** One of the averages of the weights, by state-dict key. */
  averageTensors(average: string): Promise<Map<string, SafeTensor>>;
  dispose(): Promise<void>;
}

/**
 * Compiles the steps and puts the start state into the engine.
 *
 * @throws OtxError `aborted` when the signal fires.
 */
export async function createTrainingSession(options: SessionOptions): Promise<TrainingSession> {
  const { graphs, variables, state, saved, seed, openEngine, onCompile, signal } = options;
  const { share = WHOLE_SHARE, ranks, isNormShared = false } = options;
  const engine = await openEngine();
  const kinds = Object.keys(graphs.learnings);
  const isDivided = share.parts > 1;
  const evaluations = Object.keys(graphs.otherEvaluations ?? {}).length + (graphs.evaluation ? 1 : 0);
  const total = (isDivided ? 2 : 1) * kinds.length + evaluations;
  let done = 0;
  let bytes = 0;
  const compile: Dividing['compile'] = async (graph, name, shared) => {
    const compiling = engine.compile(graph, { name, signal, shared });
    const compiled = await abortable(compiling, signal, `${name} was compiled`);
    if (graph.packs.some(({ next }) => next)) bytes += compiled.peakMemory * (shared?.here ?? 1);
    onCompile?.(++done, total);
    return compiled;
  };
  try {
    if (ranks?.mpi !== undefined) await engine.join(ranks.mpi, ranks.size);
    const { notMixed, ...choice } = await engine.choice(() => graphs.steps[kinds[0]!]!, signal);
    const { precision } = graphs.steps[kinds[0]!]!;
    onCompile?.(0, total);
    const steps = new Map<string, RunStep>();
    for (const name of kinds) {
      if (isDivided) {
        const dividing = { engine, compile, seed, share, isNormShared };
        steps.set(name, await divide(graphs.learnings[name]!(), name, dividing));
      } else {
        const graph = graphs.steps[name]!;
        steps.set(name, wholeStep(graph, await compile(graph, `train ${name}`), seed));
      }
    }
    const forwardOf = async (name: string, graph: StepGraph): Promise<Forward> => {
      const evaluation = await compile(graph, name);
      return async (image) => (await evaluation.run({ images: image })).outputs.logits as Float32Array;
    };
    const forward = graphs.evaluation && (await forwardOf('validation', graphs.evaluation));
    const others: Record<string, Forward> = {};
    for (const [name, graph] of Object.entries(graphs.otherEvaluations ?? {})) {
      others[name] = await forwardOf(`validation ${name}`, graph);
    }
    for (const pack of graphs.packs) {
      const start = saved ? restored(pack, state, saved) : pack.start?.(state);
      await engine.setState(pack.layout.name, start ?? new Float32Array(pack.layout.size));
      // Before the step, and after it.
      bytes += 2 * Float32Array.BYTES_PER_ELEMENT * pack.layout.size;
    }

    return {
      engine: {
        ...choice,
        ...(choice.device === undefined ? {} : { memory: bytes }),
        ...(precision && notMixed === undefined ? { precision } : {}),
      },
      notMixed: precision && notMixed,
      step: async (batches, learningRate, update, planned = Number.POSITIVE_INFINITY, lossScale) => {
        const [batch] = batches as [TrainBatch];
        const run = steps.get(batch.step);
        if (!run)
          throw new OtxError('graph', `a batch is for the step "${batch.step}", which is not compiled`);
        return run(batches, graphs.scalars(batch.step, { learningRate, update, planned, lossScale }), update);
      },
      forward,
      others,
      averages: graphs.averages ?? [],
      averageTensors: async (average) => {
        const prefix = averagePrefix(average);
        const packs = graphs.packs.filter(({ layout, nameOf }) =>
          layout.entries.every(({ key }) => nameOf(key).startsWith(prefix)),
        );
        const named = await Promise.all(
          packs.map(async ({ layout }) => packTensors(layout, await engine.getState(layout.name), variables)),
        );
        return new Map(named.flat());
      },
      tensors: async ({ trainingState }) => {
        const result = new Map<string, SafeTensor>();
        for (const { layout, nameOf } of graphs.packs) {
          if (!trainingState && layout.entries.every(({ key }) => isTrainingState(nameOf(key)))) continue;
          const named = packTensors(layout, await engine.getState(layout.name), variables, nameOf);
          for (const [name, tensor] of named) {
            if (trainingState || !isTrainingState(name)) result.set(name, tensor);
          }
        }
        return result;
      },
      dispose: () => engine.dispose(),
    };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

interface Dividing {
  readonly engine: SessionEngine;
  readonly compile: (graph: StepGraph, name: string, shared?: SharedNorms) => Promise<CompiledStep>;
  readonly seed: number;
  readonly share: Share;
  readonly isNormShared: boolean;
}

/** Compiles the halves of a step, with memory for what is between them. */
async function divide(
  learning: Learning,
  name: string,
  { engine, compile, seed, share, isNormShared }: Dividing,
): Promise<RunStep> {
  const split = splitStep(learning);
  const shared = isNormShared ? { batches: share.parts, here: batchesPerStep(share) } : undefined;
  const gradient = await compile(split.gradient, `train ${name}`, shared);
  const apply = await compile(split.apply, `update ${name}`);
  const isUsed = ({ size }: PackLayout) => size > 0;
  const between = split.between.filter(isUsed);
  for (const { name: pack, size } of between) await engine.setState(pack, new Float32Array(size));
  if (shared) return sharedStep({ split, gradient, apply, seed });
  return dividedStep({ split: { ...split, between }, gradient, apply, engine, seed, parts: share.parts });
}

/** Value of a pack in a checkpoint. Weights come from `state`, which the checkpoint has been turned into already. */
function restored(
  { layout, nameOf }: StatePack,
  state: StateDict,
  saved: ReadonlyMap<string, SafeTensor>,
): Float32Array {
  const values = layout.entries.map(({ key, size }) => {
    const name = nameOf(key);
    const tensor = saved.get(name);
    const value = isTrainingState(name) ? tensor && floatsOf(tensor.data) : state.get(key);
    if (value?.length !== size) throw new OtxError('checkpoint', `the checkpoint has no usable ${name}`);
    return [key, value] as const;
  });
  return packState(layout, new Map(values));
}
