/** @file Everything a training remembers besides weights and moments: what a checkpoint must hold to go on bit by bit. */

import { z } from 'zod';

/** JSON has no NaN: it is written as null. */
const score = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
/** Far more than any training takes, and exact in floating-point arithmetic. */
const counter = z
  .int()
  .min(0)
  .max(2 ** 40);
const seconds = z.number().min(0);

const total = z.object({ sum: z.number(), count: counter });
type Total = Readonly<z.infer<typeof total>>;

/** A sum with one more value. */
export function plus({ sum, count }: Total = { sum: 0, count: 0 }, value: number): Total {
  return { sum: sum + value, count: count + 1 };
}

/** Of the values in a sum; no number without any. */
export const mean = ({ sum, count }: Total): number => sum / count;

const metrics = z.object({
  mDice: score,
  mIoU: score,
  mAcc: score,
  aAcc: score,
  perClass: z.array(z.object({ dice: score, iou: score, acc: score, pixels: z.number() })),
});

export const STOP_REASONS = ['epochs', 'early-stopping', 'time-budget', 'callback'] as const;
/** Why a training ended: its epochs are done, the score no longer rose, its time was up, or its caller asked for it. */
export type StopReason = (typeof STOP_REASONS)[number];

const state = z.object({
  /** Epochs finished, validation included. */
  epoch: counter,
  /** Batches taken of the epoch under way, those of undone steps included; tells the loader where to go on. */
  step: counter,
  /** Optimiser steps made over all epochs. A step that was undone does not count. */
  updates: counter,
  /** Undone steps since the last good one. */
  undoneInARow: counter,
  /** In mixed precision, by what the loss of the next step is multiplied, and good steps since that last changed. */
  lossScale: z.object({ value: z.number().min(1), goodSteps: counter }).optional(),
  /** Losses of the epoch under way. */
  loss: total,
  /** What else the method reported in the epoch under way, by name. */
  figures: z.record(z.string(), total).default({}),
  /** What the learning-rate schedule remembers. */
  schedule: z.record(z.string(), z.number().nullable()),
  earlyStopping: z.object({ best: z.number().nullable(), wait: counter, bestStep: counter }),
  /** Newest validation score; null before the first. */
  lastScore: score.nullable(),
  /** Best validation so far; its epoch is 0 for weights that were given, and `average` names the average of weights that it is of. */
  best: z.object({ epoch: counter, metrics, average: z.string().optional() }).nullable(),
  /** Epochs planned; a time budget changes them. */
  epochs: counter.min(1),
  /** Time spent, in seconds: of the whole run, and of the epoch under way (training, and of that waiting for data). */
  seconds: z.object({ run: seconds, train: seconds, waiting: seconds }),
  /** Null while there is something left to do. */
  finished: z.enum(STOP_REASONS).nullable(),
});

/** Of checkpoints, of earlier versions too: 0.1.0 knew one schedule that remembers, and named its state after it. */
export const runStateSchema = z.preprocess((value) => {
  if (typeof value !== 'object' || value === null || !('plateau' in value)) return value;
  const { plateau, ...others } = value;
  return { schedule: plateau, ...others };
}, state);

/** Changed in place by the training loop. */
export type RunState = z.infer<typeof runStateSchema>;

/**
 * What is impossible about a state that was read from a file; undefined when nothing is.
 *
 * @param limits of the training that is to go on.
 */
export function stateProblem(
  { epoch, epochs, step, updates, best, schedule, earlyStopping }: RunState,
  { stepsPerEpoch, mostEpochs }: { readonly stepsPerEpoch: number; readonly mostEpochs: number },
): string | undefined {
  const done = epoch * stepsPerEpoch + step;
  const tooLarge = [
    ['epochs planned', epochs, mostEpochs],
    ['epochs finished', epoch, epochs],
    ['steps of an epoch', step, stepsPerEpoch],
    ['updates', updates, done],
    ['the best epoch', best?.epoch ?? 0, epoch + 1],
    ['the step of the last plateau', schedule.lastStep ?? 0, done],
    ['the step of the best score', earlyStopping.bestStep, done],
  ] as const;
  const found = tooLarge.find(([, value, most]) => value > most);
  return found && `its state says ${found[1]} for ${found[0]}, where at most ${found[2]} are possible`;
}

/** What is forgotten when an epoch is over. */
export function startNextEpoch(state: RunState): void {
  state.epoch += 1;
  state.step = 0;
  state.loss = { sum: 0, count: 0 };
  state.figures = {};
  state.seconds = { ...state.seconds, train: 0, waiting: 0 };
}
