/** @file Weights together with the network they belong to: a checkpoint of this program, or a file from elsewhere. */

import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { breathe } from '../base/abortable.js';
import type { OptionKinds } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { namesProblem } from '../base/names.js';
import { type ClassInfo, type DataReading, type Size, squareOf } from '../data/index.js';
import { defaultPalette } from '../data/masks/palette.js';
import { BACKGROUND } from '../data/types.js';
import { type CreateModel, createSegmentor, describe, OWN_MODEL, type Segmentor } from '../models/index.js';
import type { VariableSpec } from '../nn/index.js';
import { type Checkpoint, findWeights, isBackboneOnly } from '../runs/checkpoint.js';
import type { JobEvent } from '../runs/events.js';
import { openGivenWeights, stateFromWeights } from '../runs/given-weights.js';
import { LABEL_SCHEMA_FILE, loadLabelSchema } from '../runs/label-schema.js';
import { initialState, type StateDict, stateFromCheckpoint } from '../runs/state-dict.js';
import {
  completeHyperParameters,
  type HyperParameters,
  inputSizes,
  resolveHyperParameters,
  settingsOf,
} from '../settings/index.js';
import { DEFAULT_SEED, listTemplates, loadTemplate } from '../templates/index.js';
import type { Weights } from '../weights/index.js';
import { networkBeside } from './imported-network.js';
import type { SettingsUsedBy } from './model-settings.js';

export interface TrainedModelOptions extends SettingsUsedBy<'predict'> {
  /** A run folder, a checkpoint, a `.pth`, `.pt` or `.safetensors` file from elsewhere, or an exported `.onnx` or `.xml` file or deployed `.zip` file. */
  readonly weights: string;
  /** Template the weights must belong to; may be left out where they name theirs, which files from elsewhere do not. */
  readonly template?: string | undefined;
  /** The network that a program trained in place of the template's, where it did; see `model` of {@link train}. */
  readonly model?: CreateModel | undefined;
  /** Is told how the job goes on. */
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  /** Stops the job; what is written by then stays. */
  readonly signal?: AbortSignal | undefined;
}

/** Of {@link TrainedModelOptions}, besides settings. */
export const MODEL_KINDS = {
  weights: 'path',
  template: 'template?',
  model: 'function?',
  threads: 'number?',
  onEvent: 'function?',
  signal: 'signal?',
} as const satisfies OptionKinds;

/** The same where several models and views may be averaged. */
export const COMBINED_KINDS = {
  ...MODEL_KINDS,
  weights: 'paths',
  tta: 'string?',
} as const satisfies OptionKinds;

/** The parts of a checkpoint that evaluation and export build a graph from. */
export interface TrainedModel {
  readonly model: Segmentor;
  readonly state: StateDict;
  /** In the order of the model, a value for each in `state`. */
  readonly variables: readonly VariableSpec[];
  readonly classes: readonly ClassInfo[];
  readonly template: Checkpoint['info']['template'];
  readonly hyperParameters: HyperParameters;
  /** Size of the network input in pixels. */
  readonly inputSize: Size;
  /** How the data was read that it learned from, where that is known. */
  readonly data?: DataReading | undefined;
}

/** Loads weights with the network they belong to. @throws OtxError `checkpoint`, `usage`, `aborted` */
export async function loadTrainedModel(options: TrainedModelOptions): Promise<TrainedModel> {
  const given = await openGivenWeights(options.weights);
  await breathe(options.signal, 'the weights were read');
  return given.kind === 'checkpoint'
    ? ofCheckpoint(given.checkpoint, await withNetwork(given.checkpoint, options))
    : ofWeights(given.weights, options);
}

/** A run that trained a network of a file has kept that beside its weights. */
async function withNetwork({ info }: Checkpoint, options: TrainedModelOptions): Promise<TrainedModelOptions> {
  if (info.template.model !== OWN_MODEL || options.model) return options;
  return { ...options, model: await networkBeside(await findWeights(options.weights)) };
}

function ofCheckpoint(checkpoint: Checkpoint, options: TrainedModelOptions): TrainedModel {
  const { template, classes, hyperParameters: trained, data } = checkpoint.info;
  if (isBackboneOnly(checkpoint)) {
    throw new OtxError(
      'checkpoint',
      `${options.weights}: holds a backbone from self-supervised training and no segmentation head; train one first: ` +
        `otx train ${template.name} --train-data-roots <folder> --val-data-roots <folder> --load-weights ${options.weights}`,
    );
  }
  if (options.template !== undefined) {
    const wanted = loadTemplate(options.template);
    if (template.model === OWN_MODEL ? wanted.name !== template.name : wanted.model !== template.model) {
      throw new OtxError(
        'checkpoint',
        `${options.weights}: trained with ${template.name}, not ${wanted.name}; leave the template out`,
      );
    }
  }
  const isOwn = template.model === OWN_MODEL;
  if (isOwn && !options.model) throw lacksModel(options.weights);
  if (!isOwn) refuseModel(options);
  // Of a network of the caller's there need not be a template: its settings are all in the file.
  const base = isOwn
    ? { hyperParameters: completeHyperParameters(trained) }
    : listTemplates().find(({ model }) => model === template.model);
  if (!base)
    throw new OtxError('checkpoint', `${options.weights}: this version has no model "${template.model}"`);
  // Settings that the version which trained the model did not know yet have their defaults.
  const hyperParameters = resolveHyperParameters(
    { hyperParameters: resolveHyperParameters(base, trained) },
    settingsOf(options),
  );
  const inputSize = squareOf(inputSizes(hyperParameters).validation);
  const create = options.model ?? ((wanted) => createSegmentor(template.model, wanted));
  const model = create({ numClasses: classes.length });
  const { variables } = describe(model, [1, 3, inputSize.height, inputSize.width]);
  const { state } = stateFromCheckpoint(checkpoint, options.weights, variables, classes, new Map());
  return { model, state, variables, classes, template, hyperParameters, inputSize, data };
}

const lacksModel = (source: string) =>
  new OtxError(
    'checkpoint',
    `${source}: was trained with a network of a program's own; give that network as model, or use the file that the program ` +
      'exports',
  );

/** @throws OtxError `usage` for a network beside a file that has one. */
export function refuseModel({ weights, model }: Pick<TrainedModelOptions, 'weights' | 'model'>): void {
  if (model) throw new OtxError('usage', `${weights}: names its network; leave model out`);
}

/** Nothing in the file says what it is for, except perhaps the names of its classes. */
async function ofWeights(weights: Weights, options: TrainedModelOptions): Promise<TrainedModel> {
  const source = options.weights;
  if (options.template === undefined) {
    throw new OtxError(
      'usage',
      `${source}: does not name its template; give the ${option('template')} as well`,
    );
  }
  const template = loadTemplate(options.template);
  const hyperParameters = resolveHyperParameters(template, settingsOf(options));
  const classes = await classesOf(weights, source);
  const inputSize = squareOf(inputSizes(hyperParameters).validation);
  const create = options.model ?? ((wanted) => createSegmentor(template.model, wanted));
  const model = create({ numClasses: classes.length });
  const { variables } = describe(model, [1, 3, inputSize.height, inputSize.width]);
  const { state, report } = stateFromWeights(weights, source, variables, classes, {
    fresh: initialState(variables, DEFAULT_SEED),
    complete: true,
  });
  options.onEvent?.({ type: 'notice', message: report });
  return { model, state, variables, classes, template, hyperParameters, inputSize };
}

/** Names from the file itself, else from the labels beside it; colours from the labels where they have the same names. */
async function classesOf({ classNames }: Weights, source: string): Promise<readonly ClassInfo[]> {
  const path = join(dirname(source), LABEL_SCHEMA_FILE);
  const hasLabels = (await stat(path).catch(() => undefined)) !== undefined;
  if (!classNames && !hasLabels) {
    throw new OtxError(
      'checkpoint',
      `${source}: does not name its classes; put the ${LABEL_SCHEMA_FILE} of the model beside it`,
    );
  }
  const labels = hasLabels ? await loadLabelSchema(path) : [];
  if (!classNames) return labels;
  const problem = namesProblem(classNames);
  if (problem !== undefined) throw new OtxError('checkpoint', `${source}: ${problem}`);
  // The first colour is that of a background, which files from elsewhere need not have.
  const first = classNames[0] === BACKGROUND ? 0 : 1;
  const palette = defaultPalette(classNames.length + first);
  return classNames.map((name, index) => ({
    name,
    color: labels.find((label) => label.name === name)?.color ?? palette[index + first] ?? [0, 0, 0],
  }));
}
