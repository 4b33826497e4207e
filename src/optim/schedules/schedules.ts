/**
 * @file Learning-rate schedules by name. A new one is a new entry of the record: the setting, its help and the training follow.
 */

import { lookAtPlateau, PLATEAU_START, type PlateauState, plateauLearningRate } from './plateau.js';

/** What a schedule remembers: plain numbers, kept in checkpoints. */
export type ScheduleState = Readonly<Record<string, number | null>>;

/** What a schedule is asked about a step. */
export interface SchedulePosition {
  /** Optimiser steps made so far, from 0. */
  readonly step: number;
  /** Steps of the whole training. */
  readonly totalSteps: number;
  readonly state: ScheduleState;
}

/** A validation score that a schedule may act on. */
export interface ScheduleLook {
  /** Newest validation score. */
  readonly score: number;
  /** Optimiser steps made so far. */
  readonly step: number;
}

/** What the settings say of the learning rate. */
export interface LearningRateOptions {
  readonly schedule: LearningRateSchedule;
  /** After the warm-up, before the schedule changes it. */
  readonly learningRate: number;
  /** Steps until the full learning rate; 0 for no warm-up. */
  readonly warmUpSteps: number;
}

interface Schedule {
  /** Part of the learning rate at which the linear warm-up starts; the reference's values. */
  readonly warmUpRatio: number;
  /** Before the first step. Default: it remembers nothing. */
  readonly start?: ScheduleState;
  /** The learning rate after the warm-up. */
  readonly rate: (learningRate: number, position: SchedulePosition) => number;
  /** What it makes of a validation score, at the start of an epoch. Default: nothing. */
  readonly look?: (
    state: ScheduleState,
    look: ScheduleLook,
    options: LearningRateOptions & { readonly iterationPatience: number },
  ) => ScheduleState;
  /** What it does in a run that is given more epochs, as part of a sentence. */
  readonly whenExtended: (plan: {
    readonly learningRate: number;
    readonly epochs: number;
    readonly state: ScheduleState;
  }) => string;
}

const POLY_POWER = 0.9;
const POLY_MIN = 1e-6;

/** Whatever a damaged checkpoint lacks is as at the start. */
const plateauState = (state: ScheduleState): PlateauState => ({ ...PLATEAU_START, ...state });

/** `plateau` drops with the validation score, `poly` falls to almost nothing at the last step, `constant` stays. */
const SCHEDULES = {
  plateau: {
    warmUpRatio: 1 / 3,
    start: PLATEAU_START,
    rate: (learningRate, { state }) => plateauLearningRate(learningRate, plateauState(state).drops),
    look: (state, look, options) => lookAtPlateau(plateauState(state), look, options),
    whenExtended: ({ state }) =>
      `the learning rate goes on as ${plateauState(state).drops} plateaus have left it`,
  },
  poly: {
    warmUpRatio: 1e-6,
    rate: (learningRate, { step, totalSteps }) => {
      // A plan that was shortened may leave a step or two beyond its end.
      const left = Math.max(1 - step / totalSteps, 0);
      return (learningRate - POLY_MIN) * left ** POLY_POWER + POLY_MIN;
    },
    whenExtended: ({ epochs }) =>
      `the learning rate jumps to where the polynomial decay over ${epochs} epochs is, and falls along it`,
  },
  constant: {
    warmUpRatio: 1 / 3,
    rate: (learningRate) => learningRate,
    whenExtended: ({ learningRate }) => `the learning rate stays at ${learningRate}`,
  },
} as const satisfies Readonly<Record<string, Schedule>>;

/** Name of a schedule. */
export type LearningRateSchedule = keyof typeof SCHEDULES;

/** Names of all schedules; the first is the default. */
export const SCHEDULE_NAMES = Object.keys(SCHEDULES) as [LearningRateSchedule, ...LearningRateSchedule[]];

/** What there is to know of a schedule. */
export const scheduleOf = (name: LearningRateSchedule): Schedule => SCHEDULES[name];

/** The learning rate of the next step: the schedule's, to which the warm-up rises. */
export function learningRateAt(options: LearningRateOptions, position: SchedulePosition): number {
  const { learningRate, warmUpSteps } = options;
  const { rate, warmUpRatio } = scheduleOf(options.schedule);
  const regular = rate(learningRate, position);
  if (position.step >= warmUpSteps) return regular;
  return regular * (1 - (1 - position.step / warmUpSteps) * (1 - warmUpRatio));
}
