/** @file What a run, a checkpoint or a model file is: its classes and size, how it was trained, and where a training stands. */

import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkOptions } from '../base/check-options.js';
import { type ClassInfo, type Size, squareOf } from '../data/index.js';
import { type Checkpoint, isBackboneOnly, LAST_FILE, loadCheckpoint } from '../runs/checkpoint.js';
import { weightsOfRun } from '../runs/find-runs.js';
import { openGivenWeights } from '../runs/given-weights.js';
import type { RunConfig } from '../runs/run-config.js';
import type { StopReason } from '../runs/run-state.js';
import type { StartRecord } from '../runs/start.js';
import {
  completeHyperParameters,
  confidenceThreshold,
  inputSizes,
  settings,
  type TrainingSettings,
} from '../settings/index.js';
import type { RecipeName } from '../settings/recipe-name.js';
import { openExportedFile } from './exported-file.js';
import { type ReaderName, readerOf } from './readers/index.js';
import { loadTrainedModel } from './trained-model.js';

/** What to open. */
export interface LoadOptions {
  /** A run folder, a checkpoint, a `.pth`, `.pt` or `.safetensors` file from elsewhere, or an exported file (`.onnx`, `.xml`). */
  readonly path: string;
  /** Template of weights from elsewhere, which do not name theirs. */
  readonly template?: string | undefined;
  /** Stops reading. */
  readonly signal?: AbortSignal | undefined;
}

/** What is known of a model. */
export interface LoadedModel {
  /** `run`: the folder of a training; `checkpoint`: a file of one; `weights`: a file from elsewhere; `onnx`, `openvino`: an exported file; `package`: a zip file of `otx deploy`. */
  readonly kind: 'run' | 'checkpoint' | 'weights' | ReaderName;
  /** The file that this is told of: of a run its best weights, or its newest where none were validated yet. */
  readonly file: string;
  /** Name of its template; an exported file does not need any. */
  readonly template: string | undefined;
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Whether it can segment; a backbone from self-supervised training cannot. */
  readonly segments: boolean;
  /** Size of the network input in pixels outside of training. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; undefined for none. */
  readonly threshold: number | undefined;
  /** Settings that it was trained with, as far as the file knows. */
  readonly settings: Partial<TrainingSettings> | undefined;
  /** Mean Dice of exactly these weights in validation; undefined where they were not validated. */
  readonly mDice: number | undefined;
  /** What its training started from; undefined where the file does not say. */
  readonly startedFrom: StartRecord | undefined;
  /** What decided the settings that nobody named, see {@link RunOptions.recipe}; undefined where the file does not say. */
  readonly recipe: RecipeName | undefined;
  /** Which average of the weights of its training this is, such as `ema`; undefined for the trained weights themselves. */
  readonly average: string | undefined;
  /** Where the training stands; undefined without a run, or a file that a training can go on from. */
  readonly training: TrainingProgress | undefined;
}

/** Where a training stands. */
export interface TrainingProgress {
  /** The file with which it goes on. */
  readonly file: string;
  /** Epochs finished. */
  readonly epoch: number;
  /** Steps of the next epoch that are done. */
  readonly step: number;
  /** Epochs planned. */
  readonly epochs: number;
  /** Why it has ended; undefined while it is under way or interrupted. */
  readonly finished: StopReason | undefined;
  /** Best validation so far: its epoch from 1, and mean Dice. */
  readonly best: { readonly epoch: number; readonly mDice: number } | undefined;
  /** All that was chosen. */
  readonly config: RunConfig;
}

/**
 * Opens a model to say what it is. {@link createSegmenter} opens it for segmentation, `train` with `resumeFrom` for going on.
 *
 * @param from a path, or a path with a template.
 * @throws OtxError `checkpoint` for what is missing, damaged or of another kind, `usage` for weights from elsewhere without a
 * template, `aborted` when the signal fired.
 */
export async function load(from: string | LoadOptions): Promise<LoadedModel> {
  const options = typeof from === 'string' ? { path: from } : from;
  checkOptions('load()', options, { path: 'path', template: 'template?', signal: 'signal?' });
  const { path } = options;
  const reader = await readerOf(path);
  if (reader) return ofExportedFile(options, reader);
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const last = isFolder ? await lastOf(path) : undefined;
  // A run that was not validated yet has its newest weights alone.
  const onlyLast = last !== undefined && (await weightsOfRun(runOf(path))) === undefined;
  const file = onlyLast ? last : isFolder ? ((await weightsOfRun(runOf(path))) ?? path) : path;
  const given = await openGivenWeights(file);
  if (given.kind === 'weights') return ofWeights(options);
  const { checkpoint } = given;
  const newest = last === undefined || onlyLast ? checkpoint : await loadCheckpoint(last);
  return {
    kind: isFolder ? 'run' : 'checkpoint',
    file,
    ...describeCheckpoint(checkpoint),
    training: progressOf(newest, last ?? file),
  };
}

/** The folder of a run may be named by its `models` folder. */
const runOf = (path: string): string => (basename(path) === 'models' ? dirname(path) : path);

async function lastOf(path: string): Promise<string | undefined> {
  const file = join(runOf(path), 'models', LAST_FILE);
  return (await stat(file).catch(() => undefined))?.isFile() ? file : undefined;
}

function describeCheckpoint(checkpoint: Checkpoint): Omit<LoadedModel, 'kind' | 'file' | 'training'> {
  const { template, classes, hyperParameters, metrics, start, recipe, average } = checkpoint.info;
  const complete = completeHyperParameters(hyperParameters);
  return {
    template: template.name,
    classes,
    segments: !isBackboneOnly(checkpoint),
    inputSize: squareOf(inputSizes(complete).validation),
    threshold: confidenceThreshold(complete),
    settings: settings.toFlat(complete),
    mDice: metrics?.mDice ?? undefined,
    startedFrom: start,
    recipe,
    average,
  };
}

function progressOf({ info }: Checkpoint, file: string): TrainingProgress | undefined {
  if (!info.resume) return undefined;
  const { state, config } = info.resume;
  const { epoch, step, epochs, finished, best } = state;
  return {
    ...{ file, epoch, step, epochs, config },
    finished: finished ?? undefined,
    best: best ? { epoch: best.epoch, mDice: best.metrics.mDice } : undefined,
  };
}

const UNKNOWN = {
  ...{
    settings: undefined,
    mDice: undefined,
    average: undefined,
    startedFrom: undefined,
    recipe: undefined,
    training: undefined,
  },
  segments: true,
} as const;

async function ofWeights({ path, template, signal }: LoadOptions): Promise<LoadedModel> {
  const { classes, inputSize, hyperParameters, ...model } = await loadTrainedModel({
    weights: path,
    template,
    signal,
  });
  const threshold = confidenceThreshold(hyperParameters);
  return {
    ...UNKNOWN,
    ...{ kind: 'weights', file: path, template: model.template.name, classes, inputSize, threshold },
  };
}

async function ofExportedFile(
  { path, template, signal }: LoadOptions,
  reader: NonNullable<Awaited<ReturnType<typeof readerOf>>>,
): Promise<LoadedModel> {
  const opened = await openExportedFile({ weights: path, template, signal }, reader);
  const { classes, inputSize, threshold, dispose } = opened;
  await dispose();
  return { ...UNKNOWN, kind: reader.name, file: path, template: undefined, classes, inputSize, threshold };
}
