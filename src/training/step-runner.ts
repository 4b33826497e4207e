/** @file One optimiser step of the session: as one graph, or as the mean gradient of several batches and its update. */

import { Random } from '../base/random.js';
import type { TrainBatch } from '../data/index.js';
import type { CompiledStep, Engine } from '../engine/engine.js';
import type { StepGraph } from '../engine/step.js';
import type { TensorData } from '../graph/index.js';
import type { SplitStep } from '../methods/learning.js';
import { figuresOf } from '../methods/method.js';
import { drawNoise } from '../nn/index.js';

/** What one step reports. */
export interface StepResult {
  /** Mean over its batches. */
  readonly loss: number;
  /** False when the step was undone. */
  readonly committed: boolean;
  /** Figures of the step by name, likewise; see `MethodGraphs.steps`. */
  readonly figures: Readonly<Record<string, number>>;
  /** Outputs of more than one value, by name; of its last batch. */
  readonly pictures: Readonly<Record<string, TensorData>>;
}

/**
 * Runs a step of one kind.
 *
 * @param update number of this update, from 1; an undone step does not count.
 */
export type RunStep = (
  batches: readonly TrainBatch[],
  scalars: Readonly<Record<string, number>>,
  update: number,
) => Promise<StepResult>;

/** A step that is one graph, and takes one batch. */
export function wholeStep(graph: StepGraph, compiled: CompiledStep, seed: number): RunStep {
  const read = reader(graph);
  const noiseOf = noiseDrawer(graph, seed);
  return async ([batch], scalars, update) => {
    const { outputs, committed } = await compiled.run({ ...batch!.inputs, ...noiseOf(update, 0) }, scalars);
    return { ...read(outputs), committed };
  };
}

/**
 * A step of several batches at once, whose batch norms share their statistics.
 *
 * @param gradient compiled with `runTogether`.
 */
export function sharedStep({
  split,
  gradient,
  apply,
  seed,
}: Omit<DividedOptions, 'engine' | 'parts'>): RunStep {
  const read = reader(split.gradient);
  const noiseOf = noiseDrawer(split.gradient, seed);
  const names = ['loss', ...figuresOf(split.gradient)];
  return async (batches, scalars, update) => {
    const inputs = batches.map((batch, index) => ({ ...batch.inputs, ...noiseOf(update, index) }));
    const { outputs, means } = await gradient.runTogether!(inputs, only(scalars, split.gradient), names);
    const [loss, ...figures] = means as [number, ...number[]];
    const { committed } = await apply.run({}, only({ ...scalars, loss }, split.apply));
    const named = names.slice(1).map((name, i): [string, number] => [name, figures[i]!]);
    return { ...read(outputs), loss, committed, figures: Object.fromEntries(named) };
  };
}

export interface DividedOptions {
  readonly split: SplitStep;
  /** Its halves. */
  readonly gradient: CompiledStep;
  readonly apply: CompiledStep;
  readonly engine: Pick<Engine, 'reduce'>;
  readonly seed: number;
  /** Batches whose mean gradient makes an update. */
  readonly parts: number;
}

/** A step of several batches: what their gradients and statistics are in the mean is applied. */
export function dividedStep({ split, gradient, apply, engine, seed, parts }: DividedOptions): RunStep {
  const read = reader(split.gradient);
  const noiseOf = noiseDrawer(split.gradient, seed);
  const packs = split.between.map(({ name }) => name);
  return async (batches, scalars, update) => {
    let values: readonly number[] = [];
    let last: Omit<StepResult, 'committed'> | undefined;
    for (const [index, batch] of batches.entries()) {
      const inputs = { ...batch.inputs, ...noiseOf(update, index) };
      const { outputs } = await gradient.run(inputs, only(scalars, split.gradient));
      last = read(outputs);
      values = await engine.reduce({
        ...{ packs, values: [last.loss, ...Object.values(last.figures)] },
        isFirst: index === 0,
        count: index === batches.length - 1 ? parts : undefined,
      });
    }
    const { figures, pictures } = last!;
    const [loss, ...means] = values as [number, ...number[]];
    const { committed } = await apply.run({}, only({ ...scalars, loss }, split.apply));
    const named = Object.keys(figures).map((name, i): [string, number] => [name, means[i]!]);
    return { loss, committed, pictures, figures: Object.fromEntries(named) };
  };
}

function reader(graph: StepGraph) {
  const figureNames = figuresOf(graph);
  const pictureNames = Object.keys(graph.outputs).filter((name) => graph.outputs[name]!.size > 1);
  return (outputs: Readonly<Record<string, TensorData>>): Omit<StepResult, 'committed'> => ({
    loss: Number(outputs.loss![0]),
    figures: Object.fromEntries(figureNames.map((name) => [name, Number(outputs[name]![0])])),
    pictures: Object.fromEntries(pictureNames.map((name) => [name, outputs[name]!])),
  });
}

/** Drawn anew from the numbers of update and batch, so that there is no state to save. */
function noiseDrawer({ inputs }: StepGraph, seed: number) {
  const noises = Object.entries(inputs).filter(([name]) => name.startsWith('noise'));
  return (update: number, part: number): Readonly<Record<string, Float32Array>> => {
    const place = part === 0 ? update : `${update}.${part}`;
    return Object.fromEntries(
      noises.map(([name, { size }]) => [name, drawNoise(size, new Random(`${seed}:${place}:${name}`))]),
    );
  };
}

const only = (
  scalars: Readonly<Record<string, number>>,
  { scalars: wanted }: StepGraph,
): Record<string, number> => Object.fromEntries(Object.entries(scalars).filter(([name]) => name in wanted));
