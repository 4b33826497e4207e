/** @file A training of a few minutes on the data itself: what a plan can be expected to reach, and which classes are learned at all. */

import { join } from 'node:path';
import type { TrainEvent } from '../../runs/events.js';
import type { SegmentationMetrics } from '../../runs/metrics.js';
import { stopwatch } from '../../training/clock.js';
import type { TrainOptions } from '../../training/options/train-options.js';
import { train } from '../../training/train.js';
import type { TrainingPlan } from './plan.js';

/** Folder of the run, below that of the check. */
export const PILOT_FOLDER = 'pilot';
/** A quarter of the pixels of the usual input makes four times as many steps. */
export const PILOT_SIDE = 256;
/** Trainings of 150 steps began with as many (docs/results.md). */
const WARM_UP_STEPS = 20;
/** A pilot that most have the time for. */
export const PILOT_SECONDS = 120;
/** More than any pilot makes. */
const MOST_EPOCHS = 10000;

/** What the pilot reached. */
export interface PilotResult {
  /** Folder of its run. */
  readonly output: string;
  /** Side of its training input in pixels. */
  readonly side: number;
  /** Optimiser steps that it made. */
  readonly steps: number;
  /** Of the whole pilot. */
  readonly seconds: number;
  /** Validation scores of its best epoch, classes in the order of the data set. */
  readonly metrics: SegmentationMetrics;
  /** Mean Dice after each validation, with the steps made by then. */
  readonly curve: readonly { readonly steps: number; readonly mDice: number }[];
  /**
   * How much the best score rose in the second half of the steps. A pilot that still rises says what a longer training reaches at
   * least; a curve of a few noisy points is not continued any further. Undefined where nothing was validated in the first half.
   */
  readonly rise: number | undefined;
}

export interface PilotOptions {
  /** Time for it, in seconds. */
  readonly seconds: number;
  /** Folder in which its run goes, as {@link PILOT_FOLDER}. */
  readonly output: string;
  /** Data and how it is read, of the training that is planned. */
  readonly data: Omit<TrainOptions, 'template' | 'output'>;
  readonly onEvent: (event: TrainEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains by the plan, at an input of at most 256x256 and with the plain augmentation, until the time is up.
 *
 * @throws OtxError as {@link train}.
 */
export async function runPilot(
  { values, time }: TrainingPlan,
  { seconds, output: folder, data, onEvent, signal }: PilotOptions,
): Promise<PilotResult> {
  const planned = Object.fromEntries(values.map(({ name, value }) => [name, value]));
  const side = Math.min(Number.parseInt(String(planned.inputSize), 10), PILOT_SIDE);
  const clock = stopwatch();
  const curve: { steps: number; mDice: number }[] = [];
  let steps = 0;
  let took = 0;
  const { metrics, output } = await train({
    ...data,
    ...planned,
    template: String(planned.template),
    output: join(folder, PILOT_FOLDER),
    inputSize: `${side}x${side}`,
    augmentation: 'plain',
    warmupSteps: warmupOf(time && (time.pilotSteps * seconds) / PILOT_SECONDS),
    earlyStopping: false,
    epochs: MOST_EPOCHS,
    timeBudgetSeconds: seconds,
    signal,
    onEvent: (event) => {
      if (event.type === 'epoch') {
        steps = event.updates;
        if (event.metrics) curve.push({ steps, mDice: event.metrics.mDice });
      }
      if (event.type === 'end') took = event.seconds;
      onEvent(event.type === 'step' ? { ...event, etaSeconds: Math.max(seconds - clock(), 0) } : event);
    },
  });
  return { output, side, steps, seconds: took, metrics: metrics!, curve, rise: riseOf(curve) };
}

/** @param steps that the pilot is expected to make. */
const warmupOf = (steps: number | undefined): number =>
  steps === undefined ? WARM_UP_STEPS : Math.min(Math.max(Math.round(steps / 10), 1), WARM_UP_STEPS);

/** How much the best score of the second half of the steps is above that of the first; see {@link PilotResult.rise}. */
export function riseOf(curve: PilotResult['curve']): number | undefined {
  const half = (curve.at(-1)?.steps ?? 0) / 2;
  if (!curve.some(({ steps }) => steps <= half)) return undefined;
  const best = (points: PilotResult['curve']) => Math.max(0, ...points.map(({ mDice }) => mDice));
  return best(curve) - best(curve.filter(({ steps }) => steps <= half));
}
