/**
 * @file What a method says of a step: its loss, the gradient, and what else it moves. From that is made one graph of all that a
 * step does, or two: one that finds the gradient, and one that applies it. Both give the same bits.
 */

import { type PackLayout, StepBuilder, type StepGraph } from '../engine/step.js';
import { add, reduceSum, sub, type Tensor } from '../graph/index.js';
import { inPhase } from '../graph/tensor.js';
import type { OptimizerName } from '../optim/index.js';
import { updateParameters } from './optimizer-state.js';

/** The learning of a step, without its optimiser. */
export interface Learning {
  /**
   * Holds inputs, figures, and the updates of all packs that do not follow the new parameters; not `loss` and `guard`, not the
   * parameters' own update.
   */
  readonly step: StepBuilder;
  /** Of the pack that is learned. */
  readonly parameters: PackLayout;
  /** float32 [] */
  readonly loss: Tensor;
  /** Of the loss by the parameters' vector; float32 [size]. */
  readonly gradient: Tensor;
  readonly optimizer: OptimizerName;
  /** Packs that follow the new parameters, by name: their layouts, and their values after the step. */
  readonly followers?: Readonly<Record<string, Follower>>;
}

/** A pack that follows what a step has made of another one. */
export interface Follower {
  readonly layout: PackLayout;
  /** The pack that it follows. */
  readonly follows: string;
  /**
   * @param current of the follower, before the step.
   * @param followed of the other pack, after the step.
   * @param scalar declares a number of the step.
   */
  readonly next: (current: Tensor, followed: Tensor, scalar: (name: string) => Tensor) => Tensor;
}

/** What each step of a method learns, by its name; made anew at each call. */
export type Learnings = Readonly<Record<string, () => Learning>>;

/** The steps of a method, each as one graph that is made when it is asked for. */
export function stepsOf(learnings: Learnings): {
  readonly learnings: Learnings;
  readonly steps: Readonly<Record<string, StepGraph>>;
} {
  const steps: Record<string, StepGraph> = {};
  for (const [name, learning] of Object.entries(learnings)) {
    let made: StepGraph | undefined;
    const get = () => {
      made ??= joinStep(learning());
      return made;
    };
    Object.defineProperty(steps, name, { enumerable: true, get });
  }
  return { learnings, steps };
}

/** The whole step in one graph. A loss, gradient or new state that is not finite leaves everything as it was. */
export function joinStep(learning: Learning): StepGraph {
  const { step, parameters, loss, gradient } = learning;
  step.output('loss', loss);
  finishStep(step, learning, { parameters: step.state(parameters.name)?.current as Tensor, loss, gradient });
  return step.build();
}

/** A step in two, between which the engine keeps the gradient; to be run one after the other. */
export interface SplitStep {
  /** From the inputs to `loss`, figures, and the pack `gradient`. Changes nothing that is remembered. */
  readonly gradient: StepGraph;
  /**
   * From the pack `gradient` to the new state, with the scalar `loss` as the other graph has given it. Output: `guard`. A loss,
   * gradient or new state that is not finite leaves everything as it was.
   */
  readonly apply: StepGraph;
  /** Packs between the two: the engine needs a first value for them, which is not used. */
  readonly between: readonly PackLayout[];
}

/** Pack of the gradient between the halves of a step, laid out as the parameters. */
export const GRADIENT = 'gradient';
/** Before the names of packs whose new values wait for the gradient to be applied. */
const PENDING = 'pending_';

/** The same step in two graphs. What is between them may replace the gradient, e.g. by the mean of several processes. */
export function splitStep(learning: Learning): SplitStep {
  const { step, parameters, loss, gradient } = learning;
  step.output('loss', loss);
  const whole = step.build();
  const found = new StepBuilder();
  const apply = new StepBuilder();
  const current = apply.pack(parameters);
  const keep = (layout: PackLayout, name: string, value: Tensor): Tensor => {
    const waiting = { ...layout, name };
    found.pack(waiting);
    found.update(name, value);
    return apply.pack(waiting).flat;
  };
  for (const { layout, next } of whole.packs) {
    if (!next) continue;
    apply.pack(layout);
    apply.update(layout.name, keep(layout, PENDING + layout.name, next));
  }
  const kept = keep(parameters, GRADIENT, gradient);
  finishStep(apply, learning, { parameters: current.flat, loss: apply.scalar('loss'), gradient: kept });
  const read = whole.packs.map(({ layout, current }) => ({ layout, current }));
  const { packs } = found.build();
  return {
    gradient: { ...whole, packs: [...read, ...packs] },
    apply: apply.build(),
    between: packs.map(({ layout }) => layout),
  };
}

interface Found {
  /** Before the step. */
  readonly parameters: Tensor;
  readonly loss: Tensor;
  readonly gradient: Tensor;
}

/** Moves the parameters and what follows them, and guards the whole. */
function finishStep(step: StepBuilder, learning: Learning, found: Found): void {
  inPhase('update', () => moveAll(step, learning, found));
}

function moveAll(step: StepBuilder, learning: Learning, { parameters, loss, gradient }: Found): void {
  const { optimizer, parameters: layout, followers = {} } = learning;
  const { norm, parameters: moved } = updateParameters(step, optimizer, layout, parameters, gradient);
  // Moments follow from gradients whose squares are in the norm.
  const kept = [moved];
  const scalars = new Map<string, Tensor>();
  const scalar = (name: string): Tensor => {
    const known = scalars.get(name) ?? step.scalar(name);
    scalars.set(name, known);
    return known;
  };
  for (const [name, { layout: own, follows, next }] of Object.entries(followers)) {
    const current = step.state(name)?.current ?? step.pack(own).flat;
    const value = next(current, step.state(follows)?.next as Tensor, scalar);
    step.update(name, value);
    kept.push(value);
  }
  step.output('guard', kept.map(zeroIfFinite).reduce(add, add(loss, norm)));
  step.commitIfFinite('guard');
}

/** A sum is finite when its addends are; a number less itself is 0, and what is none less itself is none. */
function zeroIfFinite(values: Tensor): Tensor {
  const sum = reduceSum(values);
  return sub(sum, sum);
}
