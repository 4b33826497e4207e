/**
 * @file What a way of training is: the model it trains, step graphs over named packs of state, and where its batches
 * come from. The training loop knows nothing else of it: whatever a method remembers between steps is in its packs, so
 * that undoing a step, saving and resuming work for every method alike.
 */

import type { TrainLoader } from '../data/index.js';
import type { StepGraph } from '../engine/step.js';
import type { VariableSpec } from '../nn/index.js';
import type { Learnings } from './learning.js';
import type { LossScale } from './loss-scale.js';
import type { MethodPictures, ShownRun } from './pictures.js';
import type { StatePack } from './state-pack.js';

export type { StatePack };

/** Where a training stands, as far as the scalars of its next step depend on it. */
export interface StepPosition {
  readonly learningRate: number;
  /** Number of this update, from 1; an undone step does not count. */
  readonly update: number;
  /** Updates of the whole training, as far as it is planned; infinitely many where nobody knows. */
  readonly planned: number;
  /** In mixed precision; default that of the first step. */
  readonly lossScale?: LossScale | undefined;
}

/** The graphs of a method for one batch size. */
export interface MethodGraphs {
  /** Every pack that any of the graphs uses. */
  readonly packs: readonly StatePack[];
  /**
   * Training steps by name; a batch says which it is for. Their inputs come from the batch; float32 inputs whose names
   * begin with `noise` are filled with uniform numbers of [0, 1), which depend on seed and update only.
   *
   * Outputs: `loss`, which is reported, and `guard`, which is not. Every other output of one float32 value is a *figure*:
   * it is reported for each step and averaged over each epoch under its name. Outputs of more values are
   * for its pictures.
   */
  readonly steps: Readonly<Record<string, StepGraph>>;
  /** What the same steps learn, for those who come between gradient and update; see `splitStep`. */
  readonly learnings: Learnings;
  /** `images` float32 [1, 3, S, S] → `logits` float32 [1, K, S, S] of the weights that are kept; for methods that segment. */
  readonly evaluation?: StepGraph;
  /** The same of other weights, by name, whose mean Dice is reported as the figure `<name>_mDice`. */
  readonly otherEvaluations?: Readonly<Record<string, StepGraph>>;
  /**
   * Those of the other evaluations, by name, whose weights are kept in place of the trained ones where they score better: averages
   * whose tensors in a checkpoint have names that begin with `averagePrefix`. Default: none.
   */
  readonly averages?: readonly string[];
  /** Values of a step's scalar inputs. */
  readonly scalars: (step: string, position: StepPosition) => Record<string, number>;
}

/** One way of training, for one model and one data set. */
export interface Method {
  /** Variables of the model whose start values are drawn or loaded. */
  readonly variables: readonly VariableSpec[];
  /** Trained values in all. */
  readonly parameters: number;
  readonly graphs: (batchSize: number) => MethodGraphs;
  /**
   * @param order indices of the labeled images of an epoch in the order in which they are shown, equally many in each
   * epoch. Default: all of them, shuffled.
   */
  readonly loader: (batchSize: number, order?: (epoch: number) => readonly number[]) => TrainLoader;
  /** Whether a variable is there for a loss alone, and no part of a model that segments. Default: none is. */
  readonly isOfLoss?: (key: string) => boolean;
  /** How often an image of the batch is in a step. Default 1. */
  readonly views?: number;
  /** Images in a step besides those of the batch. Default 0. */
  readonly imagesBesides?: number;
  /** What it shows of itself in the run folder. Default: nothing. */
  readonly pictures?: (run: ShownRun) => MethodPictures;
}

/** Outputs of a step graph that are figures. */
export function figuresOf({ outputs }: StepGraph): string[] {
  return Object.entries(outputs)
    .filter(([name, { dtype, size }]) => !RESERVED.has(name) && dtype === 'float32' && size === 1)
    .map(([name]) => name);
}

const RESERVED = new Set(['loss', 'guard']);

/** Figure under which the mean Dice of {@link MethodGraphs.otherEvaluations} is reported. */
export const diceFigure = (evaluation: string): string => `${evaluation}_mDice`;

/** Figure under which the mean Dice of the trained weights is reported where there are averages of them. */
export const TRAINED_DICE = diceFigure('trained');

/** Names of all figures of a method, in a fixed order. */
export function allFigures({ steps, otherEvaluations = {}, averages = [] }: MethodGraphs): string[] {
  const ofSteps = Object.values(steps).flatMap(figuresOf);
  const trained = averages.length > 0 ? [TRAINED_DICE] : [];
  return [...new Set([...ofSteps, ...trained, ...Object.keys(otherEvaluations).map(diceFigure)])];
}
