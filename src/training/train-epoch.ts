/** @file The steps of one epoch. */

import { batchesPerStep, type TrainBatch, type TrainLoader } from '../data/index.js';
import { isOverflow, nextLossScale } from '../methods/loss-scale.js';
import type { StepEvent } from '../runs/events.js';
import { plus, type StopReason } from '../runs/run-state.js';
import { stopwatch } from './clock.js';
import {
  endlessUndoing,
  MAX_UNDONE_STEPS,
  overflownStep,
  undoneStep,
  uselessWeights,
} from './numeric-errors.js';
import type { StepResult } from './step-runner.js';
import type { Training } from './training.js';

/** What the steps of an epoch leave besides the state. */
export interface TrainedEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Of the last step. */
  readonly learningRate: number;
  /** Seconds of training in the epoch, those before an interruption included. */
  readonly trainSeconds: number;
  /** Seconds since its last step. */
  readonly secondsSince: () => number;
  /** Why it ended before its last step; undefined when it is whole. */
  readonly cutBy: StopReason | undefined;
}

/**
 * Trains from where the state is to the end of the epoch.
 *
 * @param secondsPerEpoch how long an epoch takes; undefined while none has been seen.
 * @throws OtxError `numeric` when the loss stays infinite or not a number; `aborted`, after saving, when the signal fires.
 */
export async function trainEpoch(
  training: Training,
  secondsPerEpoch: number | undefined,
): Promise<TrainedEpoch> {
  const { state, session, rates, checkpoints, steering, reporter, tell, signal, trainLoader } = training;
  const epoch = state.epoch + 1;
  const seconds = stopwatch();
  const before = { step: state.step, ...state.seconds };
  // What an epoch reports that was stopped behind its last step.
  let learningRate = rates.of(Math.max(state.updates, 1));
  let cutBy: StopReason | undefined;

  const options = { startStep: state.step, ...(signal && { signal }) };
  const batchesOfSteps = trainLoader.epoch(state.epoch, options);
  for await (const batches of inGroups(batchesOfSteps, batchesPerStep(training.share))) {
    const batch = batches.at(-1)!;
    learningRate = rates.of(state.updates + 1);
    const planned = state.epochs * trainLoader.stepsPerEpoch;
    const result = await session.step(batches, learningRate, state.updates + 1, planned, state.lossScale);
    state.step += 1;
    state.seconds.waiting += batches.reduce((sum, { waitedMs }) => sum + waitedMs, 0) / 1000;
    state.seconds.train = before.train + seconds();
    if (result.committed) count(training, result);
    else await undo(training, batch, result);

    const secondsPerStep = seconds() / (state.step - before.step);
    const event = stepEvent(training, result, { learningRate, secondsPerStep, secondsPerEpoch });
    tell(event);
    reporter?.onStep({ epoch, step: state.step, batch, outputs: result.pictures });
    if (state.step < trainLoader.stepsPerEpoch) await checkpoints.saveIfDue();
    const wish = steering.afterStep({ event, elapsed: training.elapsed(), secondsPerStep });
    cutBy = await training.company.afterStep(wish);
    await checkpoints.stopIfAborted(null);
    if (cutBy) break;
  }
  return { epoch, learningRate, trainSeconds: before.train + seconds(), secondsSince: stopwatch(), cutBy };
}

/** The batches of one step after the other. */
async function* inGroups(
  batches: ReturnType<TrainLoader['epoch']>,
  size: number,
): AsyncGenerator<readonly TrainBatch[], void, undefined> {
  let group: TrainBatch[] = [];
  for await (const batch of batches) {
    group.push(batch);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
}

/** A step that has moved the weights. */
function count({ state }: Training, { loss, figures }: StepResult): void {
  state.updates += 1;
  state.undoneInARow = 0;
  if (state.lossScale) state.lossScale = nextLossScale(state.lossScale, true);
  state.loss = plus(state.loss, loss);
  for (const [name, value] of Object.entries(figures)) state.figures[name] = plus(state.figures[name], value);
}

/** A step that has left everything as it was. */
async function undo(training: Training, batch: TrainBatch, { loss }: StepResult): Promise<void> {
  const { state, tell, checkpoints, config, folder, hyperParameters } = training;
  if (state.lossScale && isOverflow(state.lossScale, loss)) {
    state.lossScale = nextLossScale(state.lossScale, false);
    tell({ type: 'notice', message: overflownStep(state.epoch + 1, state.step, state.lossScale.value) });
    return;
  }
  state.undoneInARow += 1;
  tell({ type: 'notice', message: undoneStep(state.epoch + 1, state.step, batch, loss) });
  if (state.undoneInARow < MAX_UNDONE_STEPS) return;
  await checkpoints.save('last', null);
  const { load_weights } = config;
  if (load_weights !== undefined && state.updates === 0) throw uselessWeights(load_weights);
  throw endlessUndoing(state.undoneInARow, batch, {
    lastWeights: folder.last,
    learningRate: hyperParameters.learning_parameters.learning_rate,
    isMixed: state.lossScale !== undefined,
  });
}

interface Pace {
  readonly learningRate: number;
  readonly secondsPerStep: number;
  readonly secondsPerEpoch: number | undefined;
}

function stepEvent(
  { state, trainLoader, imagesPerStep }: Training,
  { loss, figures }: StepResult,
  { learningRate, secondsPerStep, secondsPerEpoch }: Pace,
): StepEvent {
  const { stepsPerEpoch } = trainLoader;
  const { epochs, step } = state;
  const epoch = state.epoch + 1;
  return {
    ...{ type: 'step', epoch, epochs, step, stepsPerEpoch, loss, figures, learningRate },
    imagesPerSecond: imagesPerStep / secondsPerStep,
    etaSeconds:
      (secondsPerEpoch ?? secondsPerStep * stepsPerEpoch) * (epochs - epoch + 1 - step / stepsPerEpoch),
  };
}
