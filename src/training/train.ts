/** @file Training, from folders of images to a checkpoint. The loop is in the open: read it from top to bottom. */

import { OtxError } from '../base/errors.js';
import {
  type ClassInfo,
  createEvalLoader,
  createTrainLoader,
  type Dataset,
  openDataset,
  verifyDataset,
} from '../data/index.js';
import { createSegmentor, describe } from '../models/index.js';
import type { VariableSpec } from '../nn/index.js';
import {
  type HyperParameterOverrides,
  inputSizes,
  loadTemplate,
  resolveHyperParameters,
  type Template,
} from '../templates/index.js';
import { checkpointOf, loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import type { EpochEvent, TrainEvent } from './events.js';
import { appendHistory, startHistory } from './history.js';
import { saveLabelSchema } from './label-schema.js';
import type { SegmentationMetrics } from './metrics.js';
import { createRunFolder } from './run-folder.js';
import { learningRateAt } from './schedule.js';
import { createTrainingSession } from './session.js';
import { initialState, type StateDict, stateFromCheckpoint } from './state-dict.js';
import { validate } from './validate.js';

/** Seed of the reference recipe. */
const DEFAULT_SEED = 42;
/** A loss that stays out of range this often in a row will not recover: every undone step starts from the same weights. */
const MAX_UNDONE_STEPS = 10;

export interface TrainOptions {
  /** A template, its name or id, or the path of its YAML file. */
  readonly template: string | Template;
  /** Root of the data set to learn from (Common Semantic Segmentation layout). */
  readonly trainData: string;
  /** Root of the data set to validate on after every epoch; its classes must be those of the training data. */
  readonly validationData: string;
  /** Folder of the run. It must not hold the weights of an earlier run. */
  readonly output: string;
  /** Equal seeds, data and threads give bit-identical weights. Default 42. */
  readonly seed?: number | undefined;
  /** Checkpoint or run folder whose weights to start from; the optimiser starts fresh. */
  readonly loadWeights?: string | undefined;
  readonly hyperParameters?: HyperParameterOverrides | undefined;
  /** Threads of the engine. Default: all that the process may use. */
  readonly threads?: number | undefined;
  readonly onEvent?: ((event: TrainEvent) => void) | undefined;
  /** Stops after the current step and saves. */
  readonly signal?: AbortSignal | undefined;
}

export interface TrainResult {
  readonly output: string;
  /** Checkpoint of the best epoch. */
  readonly weights: string;
  readonly classes: readonly ClassInfo[];
  /** Validation scores of the best epoch. */
  readonly metrics: SegmentationMetrics;
  /** From 1. */
  readonly bestEpoch: number;
}

/**
 * Trains a model and leaves `models/weights.safetensors` (best validation mean Dice), `models/last.safetensors`,
 * `models/label_schema.json` and `logs/epochs.csv` in the output folder.
 *
 * @throws OtxError `usage` for settings out of range, `template`, `dataset`, `checkpoint` and `output` before any
 * training, `aborted` after saving when the signal fired, `numeric` when the loss stays infinite or not a number.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { signal, onEvent = () => undefined, seed = DEFAULT_SEED } = options;
  const notice = (message: string) => onEvent({ type: 'notice', message });

  // What was asked for.
  const template = typeof options.template === 'string' ? loadTemplate(options.template) : options.template;
  const hyperParameters = resolveHyperParameters(template, options.hyperParameters);
  const settings = hyperParameters.learning_parameters;
  const sizes = inputSizes(hyperParameters);

  // The data.
  const trainSet = await openDataset(options.trainData);
  const validationSet = await openDataset(options.validationData);
  checkSameClasses(trainSet, validationSet);
  const { classes } = trainSet;
  const batchSize = Math.min(settings.batch_size, trainSet.samples.length);
  if (batchSize < settings.batch_size) {
    notice(`batch size reduced from ${settings.batch_size} to ${batchSize}, the number of training images`);
  }

  // The model and its first weights.
  const model = createSegmentor(template.model, { numClasses: classes.length });
  const { variables, parameters } = describe(model, [1, 3, sizes.train, sizes.train]);
  const state =
    options.loadWeights === undefined
      ? initialState(variables, seed)
      : await loadState(options.loadWeights, variables, classes, seed, notice);

  // Whatever could fail late fails now: the output folder is tried out, every mask is looked at.
  const folder = await createRunFolder(options.output);
  for (const [subset, dataset] of Object.entries({ train: trainSet, validation: validationSet })) {
    const report = await verifyDataset(dataset, {
      workers: settings.num_workers,
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
      signal,
    });
    onEvent({ type: 'data', subset: subset as 'train' | 'validation', report });
  }
  await saveLabelSchema(folder.labelSchema, classes);
  await startHistory(folder.history, classes);

  const workers = settings.num_workers;
  const session = await createTrainingSession({ ...options, model, variables, state, batchSize, sizes });
  const trainLoader = createTrainLoader(trainSet, {
    batchSize,
    cropSize: sizes.train,
    seed,
    workers,
    recipe: 'plain',
  });
  const validationLoader = createEvalLoader(validationSet, { inputSize: sizes.validation, workers });

  const { stepsPerEpoch } = trainLoader;
  const epochs = settings.num_iters;
  /** Optimiser steps made. A step that was undone does not count. */
  let updates = 0;
  let best: { metrics: SegmentationMetrics; epoch: number } | undefined;

  const save = async (path: string, epoch: number, metrics: SegmentationMetrics | null) => {
    const info = {
      template: { id: template.id, name: template.name, model: template.model },
      hyperParameters,
      classes: classes.map(({ name, color }) => ({ name, color: [...color] as [number, number, number] })),
      metrics,
      progress: {
        epoch,
        step: updates,
        seed,
        best: best ? { mDice: best.metrics.mDice, epoch: best.epoch } : null,
      },
    };
    const tensors = await session.tensors({ optimizer: path === folder.last });
    await saveCheckpoint(path, checkpointOf(info, tensors));
  };
  const stopIfAsked = async (epoch: number, metrics: SegmentationMetrics | null) => {
    if (!signal?.aborted) return;
    await save(folder.last, epoch, metrics);
    throw new OtxError(
      'aborted',
      `stopped after ${updates} steps (${epoch} of ${epochs} epochs) and saved ${folder.last}; go on from these ` +
        `weights with --load-weights ${folder.last} and a new output folder`,
    );
  };

  try {
    onEvent({
      type: 'start',
      template: template.name,
      output: folder.root,
      epochs,
      stepsPerEpoch,
      batchSize,
      sizes,
      parameters,
    });
    let secondsPerEpoch: number | undefined;
    let undoneInARow = 0;

    for (let epoch = 1; epoch <= epochs; epoch++) {
      // Train.
      const watch = stopwatch();
      let waitedMs = 0;
      let learningRate = 0;
      let step = 0;
      const losses: number[] = [];
      for await (const batch of trainLoader.epoch(epoch - 1)) {
        waitedMs += batch.waitedMs;
        learningRate = learningRateAt(updates, settings.learning_rate, settings.learning_rate_warmup_iters);
        const { loss, committed } = await session.step(batch, learningRate, updates + 1);
        step += 1;
        if (committed) {
          updates += 1;
          undoneInARow = 0;
          losses.push(loss);
        } else {
          undoneInARow += 1;
          const where = `epoch ${epoch}, step ${step} (images ${batch.sampleIds.join(', ')})`;
          notice(`${where}: the loss is ${loss}; the step was undone`);
          if (undoneInARow === MAX_UNDONE_STEPS) {
            await save(folder.last, epoch - 1, null);
            throw new OtxError(
              'numeric',
              `the loss was not finite in ${MAX_UNDONE_STEPS} steps in a row; the last good weights are in ` +
                `${folder.last}; try a learning rate below ${settings.learning_rate}`,
            );
          }
        }
        const seconds = watch();
        onEvent({
          type: 'step',
          epoch,
          epochs,
          step,
          stepsPerEpoch,
          loss,
          learningRate,
          imagesPerSecond: (step * batchSize) / seconds,
          etaSeconds:
            (secondsPerEpoch ?? (seconds / step) * stepsPerEpoch) *
            (epochs - epoch + 1 - step / stepsPerEpoch),
        });
        await stopIfAsked(epoch - 1, null);
      }
      const trainSeconds = watch();

      // Validate.
      const matrix = await validate(validationLoader, session.segment, {
        classes: classes.length,
        inputSize: sizes.validation,
        signal,
        onProgress: (done, total) => onEvent({ type: 'progress', task: 'validate', done, total }),
      }).catch(async (error: unknown) => {
        await stopIfAsked(epoch, null);
        throw error;
      });
      const metrics = matrix.summary();
      secondsPerEpoch = watch();

      // Save.
      const isBest = best === undefined || metrics.mDice > best.metrics.mDice;
      if (isBest) {
        best = { metrics, epoch };
        await save(folder.best, epoch, metrics);
      }
      await save(folder.last, epoch, metrics);
      const event: EpochEvent = {
        type: 'epoch',
        epoch,
        epochs,
        loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        learningRate,
        metrics,
        best: isBest,
        seconds: {
          train: trainSeconds,
          waiting: waitedMs / 1000,
          validation: secondsPerEpoch - trainSeconds,
        },
        imagesPerSecond: (stepsPerEpoch * batchSize) / trainSeconds,
      };
      await appendHistory(folder.history, event);
      onEvent(event);
      if (epoch < epochs) await stopIfAsked(epoch, metrics);
    }
  } finally {
    await Promise.all([trainLoader.dispose(), validationLoader.dispose(), session.dispose()]);
  }

  // At least one epoch was trained: num_iters is 1 or more.
  const { metrics, epoch: bestEpoch } = best as NonNullable<typeof best>;
  return { output: folder.root, weights: folder.best, classes, metrics, bestEpoch };
}

/** Labels mean the same only if both data sets list the same names in the same order. */
function checkSameClasses(train: Dataset, validation: Dataset): void {
  const [expected, found] = [train, validation].map(({ classes }) =>
    classes.map(({ name }) => name).join(', '),
  );
  if (expected === found) return;
  throw new OtxError(
    'dataset',
    `${validation.root}: its classes (${found}) are not those of the training data (${expected}); ` +
      'give both the same names in the same order in dataset_meta.json',
  );
}

async function loadState(
  path: string,
  variables: readonly VariableSpec[],
  classes: readonly ClassInfo[],
  seed: number,
  notice: (message: string) => void,
): Promise<StateDict> {
  const checkpoint = await loadCheckpoint(path);
  const fresh = initialState(variables, seed);
  const { state, newClasses } = stateFromCheckpoint(checkpoint, path, variables, classes, fresh);
  const rest = newClasses.length > 0 ? `; classes that start fresh: ${newClasses.join(', ')}` : '';
  notice(`loaded ${state.size} of ${variables.length} tensors from ${path}${rest}`);
  return state;
}

/** Seconds since the call. */
function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
