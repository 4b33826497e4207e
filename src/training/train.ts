/** @file Training, from folders of images to a checkpoint. The loop is in the open: read it from top to bottom. */

import type { ClassInfo } from '../data/index.js';
import { ALONE, joinRanks, type Ranks } from '../engine/ranks/ranks.js';
import type { EpochEvent } from '../runs/events.js';
import type { SegmentationMetrics } from '../runs/metrics.js';
import { mean, type StopReason, startNextEpoch } from '../runs/run-state.js';
import { stopwatch } from './clock.js';
import { checkTrainOptions, type ResumeOptions, type TrainOptions } from './options/train-options.js';
import { type Scored, scoreWeights } from './scores.js';
import { type TrainedEpoch, trainEpoch } from './train-epoch.js';
import { openTraining, type Training } from './training.js';

/** What a training leaves. */
export interface TrainResult {
  /** Folder of the run. */
  readonly output: string;
  /** Checkpoint of the best epoch. */
  readonly weights: string;
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Validation scores of the best epoch; undefined for a training without validation, which keeps its last weights. */
  readonly metrics: SegmentationMetrics | undefined;
  /** From 1; 0 when no epoch was better than the weights that were given. */
  readonly bestEpoch: number;
  /** Name of the average of the weights that was best and so kept, such as `ema`; undefined for the trained weights themselves. */
  readonly average: string | undefined;
  /** Why it ended. */
  readonly reason: StopReason;
}

/**
 * Trains a model, or goes on with an interrupted training, and leaves `models/weights.safetensors` (best validation mean
 * Dice), `models/last.safetensors`, `models/label_schema.json`, `config.yaml`, `environment.json`, and unless `reports` is
 * false `results.csv`, `events.jsonl`, charts, contact sheets and TensorBoard's event files in the folder of the run. A training
 * that was killed at any moment and then resumed gives the same weights, bit by bit.
 *
 * @throws OtxError `usage` for settings out of range, `template`, `dataset`, `checkpoint` and `output` before any
 * training, `aborted` after saving when the signal fired, `numeric` when the loss stays infinite or not a number.
 *
 * In a process that a launcher of MPI has started with others, all of them train together, and call this alike (docs/scale.md): the
 * first one reports, validates and saves.
 */
export async function train(options: TrainOptions | ResumeOptions): Promise<TrainResult> {
  checkTrainOptions(options);
  return trainAmong(await joinRanks(), options);
}

/** {@link train} in one process, whatever has started it. */
export async function trainAlone(options: TrainOptions | ResumeOptions): Promise<TrainResult> {
  checkTrainOptions(options);
  return trainAmong(ALONE, options);
}

async function trainAmong(ranks: Ranks, options: TrainOptions | ResumeOptions): Promise<TrainResult> {
  const training = await openTraining(options, ranks);
  const { state, checkpoints, signal } = training;
  let secondsPerEpoch: number | undefined;
  try {
    await begin(training);
    while (await goesOn(training)) {
      const seconds = stopwatch();
      const isWhole = state.step === 0;
      const trained = await trainEpoch(training, secondsPerEpoch);
      if (ranks.rank > 0) continue;
      // An epoch that was entered in its middle says nothing about how long one takes.
      const measured = () => {
        if (isWhole) secondsPerEpoch = seconds();
        return secondsPerEpoch;
      };
      await endEpoch(training, trained, measured);
    }
    // Before the end is told: who hears of it finds all files.
    await training.reporter?.finish();
    ranks.agreeOnEnd();
    return end(training, state.finished!);
  } catch (error) {
    await checkpoints.rescue(error);
    if (signal?.aborted) ranks.agreeOnEnd();
    throw error;
  } finally {
    await training.close();
  }
}

/** Begins an epoch in all processes, if there is another one. */
async function goesOn({ state, rates, checkpoints, company, ranks }: Training): Promise<boolean> {
  if (ranks.rank === 0 && state.finished === null) rates.look();
  await company.betweenEpochs();
  if (state.finished === null && ranks.size > 1) await checkpoints.stopIfAborted(null);
  return state.finished === null;
}

/** What the first process does after the steps of an epoch: it validates, decides and saves. */
async function endEpoch(
  training: Training,
  trained: TrainedEpoch,
  measured: () => number | undefined,
): Promise<void> {
  const { state, steering } = training;
  const scored = isValidated(training, trained) ? await scoreWeights(training, trained.epoch) : undefined;
  const event = describeEpoch(training, trained, scored);
  startNextEpoch(state);
  if (scored) state.lastScore = scored.metrics.mDice;
  const seen = { event, secondsPerEpoch: measured(), elapsed: training.elapsed(), cutBy: trained.cutBy };
  state.finished = steering.afterEpoch(seen) ?? trained.cutBy ?? null;
  await save(training, event, scored?.trained ?? null);
}

/** What comes before the first epoch. */
async function begin(training: Training): Promise<void> {
  const { state, checkpoints, tell, resumed, config, ranks } = training;
  if (ranks.rank > 0) return;
  start(training);
  // A kill during the first steps must find something to resume from.
  if (!resumed) await checkpoints.save('last', null);
  // Given weights compete for the best, in case training makes them worse.
  const isBeginning = state.best === null && state.epoch === 0 && state.step === 0;
  if (config.load_weights === undefined || !isBeginning) return;
  const given = await scoreWeights(training, 0);
  if (!given) return;
  await checkpoints.save('best', given.metrics);
  await checkpoints.save('last', given.trained);
  tell({ type: 'notice', message: `mean Dice of the given weights: ${given.metrics.mDice.toFixed(4)}` });
}

/** Tells everybody that all is ready. */
function start(training: Training): void {
  const { template, folder, config, trainSet, validationSet, classes, sizes, method, resumed } = training;
  const { state, start: startedFrom, trainLoader, hyperParameters, reporter, tell, session } = training;
  const event = {
    type: 'start',
    template: template.name,
    output: folder.root,
    ...{ config, startedFrom, classes, sizes, resumed },
    images: { train: trainSet.samples.length, validation: validationSet?.samples.length },
    epochs: state.epochs,
    stepsPerEpoch: trainLoader.stepsPerEpoch,
    batchSize: hyperParameters.learning_parameters.batch_size,
    parts: training.share.parts,
    parameters: method.parameters,
    engine: session.engine,
  } as const;
  reporter?.onStart({ start: event, classes, trainSet, validationSet, pictures: method.pictures });
  tell(event);
}

/** With a time budget any epoch may turn out to be the last, which is always validated. */
function isValidated({ state, interval, config }: Training, { epoch, cutBy }: TrainedEpoch): boolean {
  const isLast = epoch >= state.epochs || cutBy !== undefined;
  return isLast || epoch % interval === 0 || config.time_budget !== undefined;
}

function describeEpoch(
  { state, session, imagesPerStep }: Training,
  { epoch, learningRate, trainSeconds, secondsSince }: TrainedEpoch,
  scored: Scored | undefined,
): EpochEvent {
  const { epochs, updates, step } = state;
  const { waiting } = state.seconds;
  const sums = Object.entries(state.figures);
  return {
    type: 'epoch',
    ...{ epoch, epochs, updates, learningRate },
    loss: mean(state.loss),
    figures: { ...Object.fromEntries(sums.map(([name, sum]) => [name, mean(sum)])), ...scored?.others },
    metrics: scored?.metrics,
    average: scored?.average,
    confusion: scored?.matrix.rows(),
    // Without validation the newest weights are the best there are.
    best: scored?.isBest ?? !session.forward,
    seconds: { train: trainSeconds, waiting, validation: secondsSince() },
    imagesPerSecond: (step * imagesPerStep) / trainSeconds,
  };
}

/**
 * The order matters: whatever a kill leaves unwritten, the last checkpoint repeats.
 *
 * @param metrics scores of the trained weights, which are what the last checkpoint holds.
 */
async function save(
  training: Training,
  event: EpochEvent,
  metrics: SegmentationMetrics | null,
): Promise<void> {
  const { state, checkpoints, noteEpoch, tell } = training;
  if (event.best) await checkpoints.save('best', event.metrics ?? null);
  await noteEpoch(event);
  if (event.best || event.metrics || state.finished) await checkpoints.save('last', metrics);
  tell({ ...event, epochs: state.epochs });
  // Of an epoch that was not validated the answer counts after the next step, which is.
  if (state.finished === null && training.isEndAsked() && (event.metrics || !training.session.forward)) {
    state.finished = 'callback';
    await checkpoints.save('last', metrics);
  }
  if (state.finished === null) await checkpoints.stopIfAborted(metrics);
}

function end({ state, folder, classes, elapsed, tell }: Training, reason: StopReason): TrainResult {
  // The last epoch is always validated, if there is anything to validate.
  const metrics = state.best?.metrics;
  const bestEpoch = state.best ? state.best.epoch : state.epoch;
  const average = state.best?.average;
  const result = { reason, output: folder.root, weights: folder.best, metrics, bestEpoch, average };
  tell({ type: 'end', seconds: elapsed(), ...result });
  return { ...result, classes };
}
