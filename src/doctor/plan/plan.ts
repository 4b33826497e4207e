/** @file What a plan for a training is: values with the reason for each, and what else there is to say. */

import type { SettingOptions } from '../../settings/index.js';
import type { RunOptions } from '../../settings/run-vocabulary.js';

/** Names in the API of what a plan may give a value to. */
export type PlannedName = 'template' | keyof RunOptions | keyof SettingOptions;

/** One value of a plan. */
export interface PlannedValue {
  /** Its name in the API. */
  readonly name: PlannedName;
  /** As options of a training have it. */
  readonly value: string | number | boolean;
  /** Why it is this one, in a sentence or two. */
  readonly reason: string;
}

/** How long a training by a plan takes on this machine. */
export interface TimeEstimate {
  /** Threads that compute. */
  readonly threads: number;
  /** Measured, with the batch of the plan. */
  readonly secondsPerStep: number;
  /** How many steps that was measured on. */
  readonly stepsMeasured: number;
  /** Optimiser steps. */
  readonly stepsPerEpoch: number;
  /** Training and validation; decoding of validation images is not in it. */
  readonly secondsPerEpoch: number;
  /** Of all epochs; a training that stops early takes less. */
  readonly seconds: number;
  /** What a pilot of two minutes makes of steps, as its smaller input has fewer pixels; a guess, which a pilot replaces. */
  readonly pilotSteps: number;
}

/** A suggestion for a training. */
export interface TrainingPlan {
  /** In the order of the file. */
  readonly values: readonly PlannedValue[];
  /** Undefined where it was not asked for. */
  readonly time: TimeEstimate | undefined;
  /** What no value can say, a sentence or two each. */
  readonly advice: readonly string[];
}
