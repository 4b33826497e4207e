/** @file What several trainings of one thing have in common: mean and deviation of their scores, and the best of them. */

import { deviation, mean } from 'd3-array';
import type { ClassInfo } from '../data/index.js';
import type { RunFacts } from './run-facts.js';

/** Several values of one quantity. */
export interface Spread {
  /** Of the values that are numbers; `NaN` without any. */
  readonly mean: number;
  /** Sample standard deviation, with n − 1 in the denominator; `NaN` for fewer than two values. */
  readonly deviation: number;
  /** How many values are numbers. */
  readonly count: number;
}

/** Mean and deviation; what is no number does not count. */
export function spreadOf(values: readonly number[]): Spread {
  const known = values.filter((value) => !Number.isNaN(value));
  return {
    mean: mean(known) ?? Number.NaN,
    deviation: deviation(known) ?? Number.NaN,
    count: known.length,
  };
}

/** Scores of several trainings, as fractions. */
export interface ScoreSpread {
  /** Mean Dice over all classes. */
  readonly mDice: Spread;
  /** Mean intersection over union over all classes. */
  readonly mIoU: Spread;
  /** By class, background first. */
  readonly perClass: readonly { readonly name: string; readonly dice: Spread; readonly iou: Spread }[];
  /** Seconds of a training. */
  readonly seconds: Spread;
}

/** The scores of runs that have some; classes are matched by name. */
export function scoreSpread(runs: readonly RunFacts[]): ScoreSpread {
  const scored = runs.flatMap(({ metrics, classes }) => (metrics ? [{ metrics, classes }] : []));
  const names = [...new Set(scored.flatMap(({ classes }) => classes.map(({ name }) => name)))];
  const ofClass = (name: string, score: 'dice' | 'iou'): Spread =>
    spreadOf(scored.map(({ metrics, classes }) => metrics.perClass[indexOf(classes, name)]?.[score] ?? NaN));
  return {
    mDice: spreadOf(scored.map(({ metrics }) => metrics.mDice)),
    mIoU: spreadOf(scored.map(({ metrics }) => metrics.mIoU)),
    perClass: names.map((name) => ({ name, dice: ofClass(name, 'dice'), iou: ofClass(name, 'iou') })),
    seconds: spreadOf(runs.map(({ seconds }) => seconds)),
  };
}

const indexOf = (classes: readonly ClassInfo[], wanted: string): number =>
  classes.findIndex(({ name }) => name === wanted);

/** The run with the highest mean Dice, the first of equals; undefined where none has one. */
export function bestRun<R extends Pick<RunFacts, 'metrics'>>(runs: readonly R[]): R | undefined {
  return runs.reduce<R | undefined>((best, run) => {
    const [now, before] = [run.metrics?.mDice ?? Number.NaN, best?.metrics?.mDice ?? Number.NaN];
    return now > before || (Number.isNaN(before) && !Number.isNaN(now)) ? run : best;
  }, undefined);
}
