/** @file Quantisation-aware fine-tuning: the ordinary training of a network that is rounded as its quantised form will be. */

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { OtxError } from '../../base/errors.js';
import type { Outputs } from '../../base/outputs/outputs.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../../base/read-file.js';
import { loadTrainedModel, type TrainedModel } from '../../inference/trained-model.js';
import type { CreateModel } from '../../models/index.js';
import { LAST_FILE } from '../../runs/checkpoint.js';
import type { TrainEvent } from '../../runs/events.js';
import { type SettingOptions, settings } from '../../settings/index.js';
import { listTemplates } from '../../templates/index.js';
import { openInterruptedRun } from '../../training/resume/interrupted-run.js';
import { train } from '../../training/train.js';
import { fakeQuantized, type RangesByLayer } from './fake-quantize.js';
import { DEFAULTS, type OptimizeOptions, PLAN_FILE, TRAINING_FOLDER } from './optimize-options.js';
import type { WeightBits } from './rounding.js';

/** What learns to be rounded. */
export interface FineTuning {
  readonly trained: TrainedModel;
  readonly ranges: RangesByLayer;
  readonly bits: WeightBits;
  readonly outputs: Outputs;
  readonly options: OptimizeOptions;
}

/** What came of it. */
export interface FineTuned {
  /** The same network with other weights, not rounded. */
  readonly model: TrainedModel;
  /** From 1; 0 where none was better than what it began with. */
  readonly bestEpoch: number;
}

/** Of the learning rate of the training. */
const SHARE_OF_RATE = 1 / 20;
const PLAN: FileKind = { code: 'output', expected: 'the plan of a fine-tuning', maxBytes: MOST_BYTES.json };

/**
 * Trains in a folder of its own, `nncf/training` of the outputs. What was interrupted goes on, and what is finished is not done again,
 * where the same is asked for as before.
 *
 * @throws OtxError `output` where the folder holds another fine-tuning, and as {@link train} does.
 */
export async function fineTune(tuning: FineTuning): Promise<FineTuned> {
  const { trained, ranges, bits, outputs, options } = tuning;
  const folder = join(options.output, TRAINING_FOLDER);
  const hasRun = await claim(folder, tuning);
  const model: CreateModel = ({ numClasses }) => {
    if (numClasses !== trained.classes.length) throw otherClasses(trained);
    return fakeQuantized(trained.model, ranges, bits);
  };
  const isOver = hasRun && (await openInterruptedRun(folder)).resume.state.finished !== null;
  if (!isOver) await learn(tuning, model, hasRun ? { resumeFrom: folder } : { output: folder });
  const { signal } = options;
  const { state, classes } = await loadTrainedModel({ weights: folder, model, signal });
  const names = (of: TrainedModel['classes']) => of.map(({ name }) => name).join();
  if (names(classes) !== names(trained.classes)) throw otherClasses(trained);
  const { best } = (await openInterruptedRun(outputs.path(TRAINING_FOLDER))).resume.state;
  return { model: { ...trained, state }, bestEpoch: best?.epoch ?? 0 };
}

/** @returns whether there is a run to go on with */
async function claim(folder: string, { outputs, ...tuning }: FineTuning): Promise<boolean> {
  const plan = planOf(tuning);
  const last = outputs.path(join(TRAINING_FOLDER, 'models', LAST_FILE));
  if (!(await stat(last).catch(() => undefined))) {
    await outputs.write(PLAN_FILE, plan);
    return false;
  }
  const before = await readTextOf(outputs.path(PLAN_FILE), PLAN).catch(() => undefined);
  if (before === plan) return true;
  throw new OtxError(
    'output',
    `${folder}: holds the fine-tuning of another model, or with other data or settings; remove it, or choose another folder`,
  );
}

/** All that decides what is learned. */
function planOf({ ranges, bits, options }: Omit<FineTuning, 'outputs'>): string {
  const { weights, trainData, validationData, epochs = DEFAULTS.epochs, learningRate } = options;
  const placed = (data: unknown) => (typeof data === 'string' ? resolve(data) : 'in memory');
  const plan = {
    weights: resolve(weights),
    ...{ trainData: placed(trainData), validationData: placed(validationData) },
    ...{ epochs, learningRate, bits, ranges: Object.fromEntries(ranges) },
  };
  return `${JSON.stringify(plan, null, 1)}\n`;
}

const otherClasses = ({ classes }: TrainedModel): OtxError =>
  new OtxError(
    'dataset',
    `the training data has other classes than the model (${classes.map(({ name }) => name).join(', ')}), which fine-tuning ` +
      'does not change: train the model on this data first',
  );

async function learn(
  { trained, options }: FineTuning,
  model: CreateModel,
  where: { readonly resumeFrom: string } | { readonly output: string },
): Promise<void> {
  const { weights, trainData, validationData, threads, signal, onEvent } = options;
  const { dataFormat, useOtxAdapter, assume, bands } = options;
  const tell = (event: TrainEvent): void => {
    if (event.type === 'progress') onEvent?.(event);
    if (event.type !== 'step') return;
    const { epoch, epochs, step, stepsPerEpoch } = event;
    const done = (epoch - 1) * stepsPerEpoch + step;
    onEvent?.({ type: 'progress', task: 'fine-tune', done, total: epochs * stepsPerEpoch });
  };
  const program = { model, trainData, validationData, threads, signal, onEvent: tell };
  if ('resumeFrom' in where) {
    await train({ ...where, ...program });
    return;
  }
  const template = listTemplates().find((known) => known.model === trained.template.model)?.name;
  await train({
    ...settings.toFlat(trained.hyperParameters),
    ...shortTraining(trained, options),
    ...{ template, recipe: 'otx', loadWeights: weights, dataFormat, useOtxAdapter, assume, bands },
    ...where,
    ...program,
  });
}

/** A little more of the training that the model had: without its beginning, and without what looks for an end. */
function shortTraining(
  { hyperParameters }: TrainedModel,
  { epochs = DEFAULTS.epochs, learningRate }: OptimizeOptions,
): SettingOptions {
  const rate = hyperParameters.learning_parameters.learning_rate * SHARE_OF_RATE;
  return {
    ...{ trainType: 'Incremental', contrastive: false, emaDecay: 0, adaptBatchSize: 'None' },
    ...{ earlyStopping: false, adaptiveInterval: false, validationInterval: 1 },
    ...{ epochs, learningRate: learningRate ?? rate, learningRateSchedule: 'poly', warmupSteps: 0 },
  };
}
