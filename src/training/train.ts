/** @file Training, from folders of images to a checkpoint. The loop is in the open: read it from top to bottom. */

import { messageOf, OtxError } from '../base/errors.js';
import { otxCommand } from '../base/shell.js';
import { type ClassInfo, squareOf } from '../data/index.js';
import { type Forward, type ScoredImage, validate } from '../inference/validate.js';
import { diceFigure } from '../methods/method.js';
import { createRunReporter } from '../reports/index.js';
import { checkpointOf, encodeCheckpoint } from '../runs/checkpoint.js';
import type { EpochEvent, TrainEvent } from '../runs/events.js';
import type { ConfusionMatrix, SegmentationMetrics } from '../runs/metrics.js';
import { startNextEpoch } from '../runs/run-state.js';
import { type PreparedRun, prepareRun } from './prepare.js';
import { checkEarlyStopping, learningRateAt, lookAtPlateau, validationInterval } from './schedules/index.js';
import { guessValidationSeconds, mustValidateNow, planEpochs } from './time-budget.js';
import { checkTrainOptions, type ResumeOptions, type TrainOptions } from './train-options.js';

/** A loss that stays out of range this often in a row will not recover: every undone step starts from the same weights. */
const MAX_UNDONE_STEPS = 10;
const DEFAULT_CHECKPOINT_SECONDS = 60;

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
}

/**
 * Trains a model, or goes on with an interrupted training, and leaves `models/weights.safetensors` (best validation mean
 * Dice), `models/last.safetensors`, `models/label_schema.json`, `results.csv`, `config.yaml`, `environment.json`, charts,
 * contact sheets and TensorBoard's event files in the folder of the run. A training that was killed at any moment and then resumed gives the same weights, bit by bit.
 *
 * @throws OtxError `usage` for settings out of range, `template`, `dataset`, `checkpoint` and `output` before any
 * training, `aborted` after saving when the signal fired, `numeric` when the loss stays infinite or not a number.
 */
export async function train(options: TrainOptions | ResumeOptions): Promise<TrainResult> {
  checkTrainOptions(options);
  const clock = stopwatch();
  const { signal } = options;
  const tell = options.onEvent ?? (() => undefined);
  let prepared: PreparedRun | undefined;
  const reporter = createRunReporter({
    outputs: () => (prepared as PreparedRun).folder.outputs,
    onNotice: (message) => tell({ type: 'notice', message }),
  });
  const onEvent = (event: TrainEvent) => {
    reporter.onEvent(event);
    tell(event);
  };
  const run = await prepareRun(options, onEvent);
  prepared = run;
  const { config, template, hyperParameters, classes, sizes, folder, session, state } = run;
  const { trainLoader, validationLoader, history, resumed } = run;
  const settings = hyperParameters.learning_parameters;
  const batchSize = settings.batch_size;
  const { stepsPerEpoch } = trainLoader;
  const notice = (message: string) => onEvent({ type: 'notice', message });

  const rates = {
    schedule: settings.learning_rate_schedule,
    learningRate: settings.learning_rate,
    warmUpSteps: settings.learning_rate_warmup_iters,
    iterationPatience: settings.plateau_iteration_patience,
  };
  /** Epochs between validations; plateaus, early stopping and checkpoints follow it. */
  const interval = settings.use_adaptive_interval ? validationInterval(stepsPerEpoch) : 1;
  const stopping = {
    start: settings.use_adaptive_interval ? interval : settings.early_stop_start,
    patience: settings.early_stop_patience,
    iterationPatience: settings.early_stop_iteration_patience,
    warmUpSteps: settings.learning_rate_warmup_iters,
  };
  const budget = config.time_budget;
  const earlierSeconds = state.seconds.run;
  const elapsed = () => earlierSeconds + clock();

  const save = async (kind: 'best' | 'last', metrics: SegmentationMetrics | null) => {
    state.seconds.run = elapsed();
    const { epoch, step, updates, best } = state;
    const info = {
      template: { id: template.id, name: template.name, model: template.model },
      hyperParameters,
      classes: classes.map(({ name, color }) => ({ name, color: [...color] as [number, number, number] })),
      data: { readings: [...(run.trainSet.readings ?? [])] },
      metrics,
      progress: {
        epoch,
        step: updates,
        seed: config.seed,
        best: best && { mDice: best.metrics.mDice, epoch: best.epoch },
      },
      ...(kind === 'last' ? { resume: { ...run.resumeInfo, state } } : {}),
    };
    const tensors = await session.tensors({ trainingState: kind === 'last' });
    await folder.outputs.write(
      folder[kind],
      encodeCheckpoint(checkpointOf(info, tensors), config.load_weights),
    );
    onEvent({ type: 'checkpoint', path: folder[kind], kind, epoch, step, updates });
    if (kind === 'last') saved = { seconds: clock(), updates };
  };
  let saved = { seconds: clock(), updates: state.updates };
  const { steps: everySteps = Number.POSITIVE_INFINITY, seconds: everySeconds = DEFAULT_CHECKPOINT_SECONDS } =
    options.checkpointInterval ?? {};
  const isCheckpointDue = () =>
    state.updates - saved.updates >= everySteps || clock() - saved.seconds >= everySeconds;

  let isStopped = false;
  const stopIfAsked = async (metrics: SegmentationMetrics | null) => {
    if (!signal?.aborted) return;
    isStopped = true;
    await save('last', metrics);
    throw new OtxError(
      'aborted',
      `stopped after ${state.updates} steps (${state.epoch} of ${state.epochs} epochs) and saved ${folder.last}; ` +
        `go on with: ${otxCommand('train', '--resume-from', options.output ?? folder.root)}`,
    );
  };

  let isHistoryMissed = false;
  const missHistory = (error: unknown) => {
    if (!isHistoryMissed) notice(`results.csv is missing or old, training goes on: ${messageOf(error)}`);
    isHistoryMissed = true;
  };

  /** Keeps the steps since the last checkpoint, whatever has failed. A folder that cannot be written has said so. */
  const rescue = async (error: unknown) => {
    if (error instanceof OtxError && ['output', 'numeric'].includes(error.code)) return;
    if (!isStopped) await stopIfAsked(null);
    if (!isStopped) await save('last', null).catch(() => undefined);
  };

  /** Scores weights on the validation images; undefined where there is nothing to score. */
  const score = async (forward: Forward | undefined, epoch: number, isShown: boolean) => {
    if (!validationLoader || !forward) return undefined;
    const { load_weights } = config;
    // Only weights that were given are scored before the first epoch.
    const problem = () =>
      epoch === 0 && load_weights !== undefined ? uselessWeights(load_weights) : divergedWeights(epoch);
    return validate(validationLoader, forward, {
      classes: classes.length,
      inputSize: squareOf(sizes.validation),
      problem,
      signal,
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'validate', done, total }),
      ...(isShown && {
        onPrediction: (image: ScoredImage) => onEvent({ type: 'prediction', epoch, ...image }),
      }),
    });
  };

  /** Scores the current weights and keeps them if they are the best so far. `epoch` is 0 for weights that were given. */
  const validateEpoch = async (epoch: number) => {
    const matrix: ConfusionMatrix | undefined = await score(session.forward, epoch, true);
    if (!matrix) return undefined;
    const others: Record<string, number> = {};
    for (const [name, forward] of Object.entries(session.others)) {
      const other = await score(forward, epoch, false);
      if (other) others[diceFigure(name)] = other.summary().mDice;
    }
    const metrics = matrix.summary();
    const isBest = state.best === null || metrics.mDice > state.best.metrics.mDice;
    // Last of all: whoever stops in the scoring above saves a state whose best weights are not written yet.
    if (isBest) state.best = { epoch, metrics };
    return { matrix, metrics, isBest, others };
  };

  try {
    onEvent({
      type: 'start',
      template: template.name,
      output: folder.root,
      config,
      trainSet: run.trainSet,
      validationSet: run.validationSet,
      classes,
      epochs: state.epochs,
      stepsPerEpoch,
      batchSize,
      sizes,
      parameters: run.parameters,
      resumed,
    });
    // A kill during the first steps must find something to resume from.
    if (!resumed) await save('last', null);

    // Given weights compete for the best, in case training makes them worse.
    if (config.load_weights !== undefined && state.best === null && state.epoch === 0 && state.step === 0) {
      const given = await validateEpoch(0);
      if (given) {
        await save('best', given.metrics);
        await save('last', given.metrics);
        notice(`mean Dice of the given weights: ${given.metrics.mDice.toFixed(4)}`);
      }
    }

    let secondsPerEpoch: number | undefined;
    let validationSeconds: number | undefined;

    while (state.finished === null) {
      const epoch = state.epoch + 1;
      const watch = stopwatch();
      const before = { step: state.step, ...state.seconds };
      let isCutShort = false;

      // Steer. In the middle of an epoch this has been done already.
      if (
        rates.schedule === 'plateau' &&
        state.step === 0 &&
        state.epoch > 0 &&
        state.epoch % interval === 0
      ) {
        state.plateau = lookAtPlateau(
          state.plateau,
          { score: state.lastScore ?? 0, step: state.updates },
          rates,
        );
      }

      // Train.
      const learningRateOf = (update: number) =>
        learningRateAt(rates, {
          step: update - 1,
          totalSteps: state.epochs * stepsPerEpoch,
          drops: state.plateau.drops,
        });
      // What an epoch reports that was stopped behind its last step.
      let learningRate = learningRateOf(Math.max(state.updates, 1));
      for await (const batch of trainLoader.epoch(state.epoch, { startStep: state.step, signal })) {
        learningRate = learningRateOf(state.updates + 1);
        const result = await session.step(batch, learningRate, state.updates + 1);
        const { loss, committed } = result;
        state.step += 1;
        state.seconds.waiting += batch.waitedMs / 1000;
        state.seconds.train = before.train + watch();
        if (committed) {
          state.updates += 1;
          state.undoneInARow = 0;
          state.loss = plus(state.loss, loss);
          for (const [name, value] of Object.entries(result.figures)) {
            state.figures[name] = plus(state.figures[name], value);
          }
        } else {
          state.undoneInARow += 1;
          const where = `epoch ${epoch}, step ${state.step} (images ${batch.sampleIds.join(', ')})`;
          const what = Number.isFinite(loss)
            ? 'a gradient or a running statistic is not finite'
            : `the loss is ${loss}`;
          notice(`${where}: ${what}; the step was undone`);
          if (state.undoneInARow >= MAX_UNDONE_STEPS) {
            await save('last', null);
            if (config.load_weights !== undefined && state.updates === 0)
              throw uselessWeights(config.load_weights);
            throw new OtxError(
              'numeric',
              `loss or gradients were not finite in ${state.undoneInARow} steps in a row, last on the images ` +
                `${batch.sampleIds.join(', ')}; the last good weights are in ${folder.last}; try a learning rate ` +
                `below ${settings.learning_rate}`,
            );
          }
        }
        const seconds = watch();
        const secondsPerStep = seconds / (state.step - before.step);
        onEvent({ type: 'batch', epoch, step: state.step, batch, pictures: result.pictures });
        onEvent({
          type: 'step',
          epoch,
          epochs: state.epochs,
          step: state.step,
          stepsPerEpoch,
          loss,
          figures: result.figures,
          learningRate,
          imagesPerSecond: batchSize / secondsPerStep,
          etaSeconds:
            (secondsPerEpoch ?? secondsPerStep * stepsPerEpoch) *
            (state.epochs - epoch + 1 - state.step / stepsPerEpoch),
        });
        if (isCheckpointDue() && state.step < stepsPerEpoch) await save('last', null);
        await stopIfAsked(null);
        if (budget !== undefined) {
          const guess = {
            secondsPerTrainingImage: secondsPerStep / batchSize,
            images: (validationLoader?.length ?? 0) * (1 + Object.keys(session.others).length),
            sizes,
          };
          isCutShort = mustValidateNow(budget, elapsed(), validationSeconds ?? guessValidationSeconds(guess));
          if (isCutShort) break;
        }
      }
      const trainSeconds = before.train + watch();

      // Validate.
      const isLast = epoch >= state.epochs || isCutShort;
      // With a time budget any epoch may turn out to be the last.
      const isValidated = isLast || epoch % interval === 0 || budget !== undefined;
      const scored = isValidated ? await validateEpoch(epoch) : undefined;
      if (scored) validationSeconds = before.train + watch() - trainSeconds;

      // Decide.
      const event: EpochEvent = {
        type: 'epoch',
        epoch,
        epochs: state.epochs,
        updates: state.updates,
        loss: mean(state.loss),
        figures: {
          ...Object.fromEntries(Object.entries(state.figures).map(([name, sum]) => [name, mean(sum)])),
          ...scored?.others,
        },
        learningRate,
        metrics: scored?.metrics,
        matrix: scored?.matrix,
        // Without validation the newest weights are the best there are.
        best: scored?.isBest ?? !session.forward,
        seconds: {
          train: trainSeconds,
          waiting: state.seconds.waiting,
          validation: before.train + watch() - trainSeconds,
        },
        imagesPerSecond: (state.step * batchSize) / trainSeconds,
      };
      startNextEpoch(state);
      if (scored) {
        state.lastScore = scored.metrics.mDice;
        if (settings.enable_early_stopping) {
          const look = { epoch, step: state.updates, score: scored.metrics.mDice };
          const checked = checkEarlyStopping(state.earlyStopping, look, stopping);
          state.earlyStopping = checked.state;
          if (checked.stop) state.finished = 'early-stopping';
        }
      }
      // An epoch that was entered in its middle says nothing about how long one takes.
      if (before.step === 0) secondsPerEpoch = watch();
      if (budget !== undefined && secondsPerEpoch !== undefined) {
        const plan = { budget, elapsed: elapsed(), epochSeconds: secondsPerEpoch, finished: epoch };
        state.epochs = planEpochs({ ...plan, limit: settings.num_iters });
      }
      if (epoch >= settings.num_iters) state.finished = 'epochs';
      else if (isCutShort || epoch >= state.epochs) state.finished ??= 'time-budget';

      // Save. The order matters: whatever a kill leaves unwritten, the last checkpoint repeats.
      if (event.best) await save('best', event.metrics ?? null);
      await history.add(event).catch(missHistory);
      if (event.best || scored || state.finished) await save('last', event.metrics ?? null);
      onEvent({ ...event, epochs: state.epochs });
      if (state.finished === null) await stopIfAsked(event.metrics ?? null);
    }
  } catch (error) {
    await rescue(error);
    throw error;
  } finally {
    await Promise.all([run.dispose(), reporter.finish()]);
    await folder.outputs.close();
  }

  // The last epoch is always validated, if there is anything to validate.
  const metrics = state.best?.metrics;
  const bestEpoch = state.best ? state.best.epoch : state.epoch;
  const result = { output: folder.root, weights: folder.best, metrics, bestEpoch };
  onEvent({ type: 'end', reason: state.finished, seconds: elapsed(), ...result });
  return { ...result, classes };
}

/** For weights that were given, of which no step has changed anything yet. */
function uselessWeights(path: string): OtxError {
  return new OtxError(
    'numeric',
    `${path}: these weights give values that are not finite for images, as numbers far too large do; ` +
      'copy the file again, or start from an earlier checkpoint',
  );
}

/** For weights that were trained here until they are good for nothing; a score would hide that. */
function divergedWeights(epoch: number): OtxError {
  return new OtxError(
    'numeric',
    `the weights of epoch ${epoch} give values that are not finite for validation images; the weights saved before are left ` +
      'as they are; try a lower learning rate',
  );
}

interface Total {
  readonly sum: number;
  readonly count: number;
}

function plus({ sum, count }: Total = { sum: 0, count: 0 }, value: number): Total {
  return { sum: sum + value, count: count + 1 };
}

const mean = ({ sum, count }: Total): number => sum / count;

/** Seconds since the call. */
function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
