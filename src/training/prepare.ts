/** @file Everything before the first step of a training: data, settings, weights, folder, engine. What can fail, fails here. */

import { availableParallelism } from 'node:os';
import { throwIfAborted } from '../base/abortable.js';
import { OtxError } from '../base/errors.js';
import { checkPlace } from '../base/outputs/outputs.js';
import type { Inputs } from '../base/outputs/places.js';
import {
  type ClassInfo,
  createEvalLoader,
  type Dataset,
  type DatasetReport,
  type EvalLoader,
  evalBytes,
  labeledBytes,
  type Size,
  squareOf,
  type TrainLoader,
} from '../data/index.js';
import { createEngine } from '../engine/engine.js';
import { isContrastive } from '../methods/contrastive.js';
import { isPrototypes } from '../methods/mean-teacher.js';
import { allFigures, type Method } from '../methods/method.js';
import type { VariableSpec } from '../nn/index.js';
import { isBackboneOnly, type ResumeInfo } from '../runs/checkpoint.js';
import type { TrainEvent } from '../runs/events.js';
import { openGivenWeights, stateFromWeights } from '../runs/given-weights.js';
import { History } from '../runs/history.js';
import { fileInputs, joinInputs, weightsInputs } from '../runs/inputs.js';
import { formatLabelSchema } from '../runs/label-schema.js';
import { withProblemList } from '../runs/problem-list.js';
import { formatRunConfig, type RunConfig } from '../runs/run-config.js';
import { type RunState, stateProblem } from '../runs/run-state.js';
import { describeLoaded, initialState, type StateDict, stateFromCheckpoint } from '../runs/state-dict.js';
import {
  type HyperParameterOverrides,
  type HyperParameters,
  inputSizes,
  resolveHyperParameters,
  settingsOf,
} from '../settings/index.js';
import type { Template } from '../templates/index.js';
import { isTrainingState } from '../weights/training-state.js';
import { fitBatchSize, scaleLearningRate } from './batch-size.js';
import { chooseMethod, imageCacheOf } from './choose-method.js';
import { classIncrementalOrder, isClassIncremental, splitByNovelty } from './class-incremental.js';
import { describeEnvironment } from './environment.js';
import { describeExtension } from './extend-run.js';
import { initialRunState } from './initial-run-state.js';
import { chooseInputSize } from './input-size.js';
import { loadPretrained } from './pretrained-backbone.js';
import { checkStillThere, type InterruptedRun, openInterruptedRun } from './resume.js';
import { createRunFolder, type RunFolder, reopenRunFolder } from './run-folder.js';
import { createTrainingSession, type TrainingSession } from './session.js';
import { openTrainData } from './train-data.js';
import {
  type CompleteConfig,
  newConfig,
  type ResumeOptions,
  resumedConfig,
  type TrainOptions,
} from './train-options.js';
import { checkTrainData, chooseTrainType } from './train-type.js';

/** Training and validation loaders share the cores. */
const LOADERS = 2;
const MOST_WORKERS = 8;
/** Batch sizes that are planned where memory may be short. */
const FEWEST_TRIALS = 3;
/** For those who did not choose it. */
const FROM_SCRATCH =
  'all weights start from random numbers; --pretrained starts from the published ImageNet backbone, which needs fewer ' +
  'images and epochs (--no-pretrained says that this is intended)';

/** Measured in docs/results.md. */
const TIMID =
  'with the optimizer sgd, which suits a backbone that knows ImageNet, self-supervised training from random weights learns ' +
  'next to nothing; its default there is adam';

/** All that the training loop works with. */
export interface PreparedRun {
  /** As it was asked for. */
  readonly config: CompleteConfig;
  readonly template: Template;
  /** As they are used: what was to be chosen automatically has been. */
  readonly hyperParameters: HyperParameters;
  readonly trainSet: Dataset;
  /** Undefined for a method that does not segment. */
  readonly validationSet: Dataset | undefined;
  readonly classes: readonly ClassInfo[];
  readonly sizes: { readonly train: number; readonly validation: number };
  /** Trainable parameters of the model. */
  readonly parameters: number;
  readonly folder: RunFolder;
  readonly session: TrainingSession;
  readonly trainLoader: TrainLoader;
  readonly validationLoader: EvalLoader | undefined;
  /** `results.csv` */
  readonly history: History;
  /** The beginning, or where the interrupted run was. */
  readonly state: RunState;
  /** Undefined for a new run. */
  readonly resumed: { readonly epoch: number; readonly step: number } | undefined;
  /** What checkpoints say about how to go on; the state is added when one is written. */
  readonly resumeInfo: Omit<ResumeInfo, 'state'>;
  dispose(): Promise<void>;
}

/** @throws OtxError as {@link train} does before its first step; folders that were made for nothing are gone again. */
export async function prepareRun(
  options: TrainOptions | ResumeOptions,
  onEvent: (event: TrainEvent) => void,
): Promise<PreparedRun> {
  let folder: RunFolder | undefined;
  try {
    return await prepare(options, onEvent, (opened) => {
      folder = opened;
    });
  } catch (error) {
    await folder?.outputs.close();
    throw error;
  }
}

async function prepare(
  options: TrainOptions | ResumeOptions,
  onEvent: (event: TrainEvent) => void,
  onFolder: (folder: RunFolder) => void,
): Promise<PreparedRun> {
  const { signal } = options;
  const notice = (message: string) => onEvent({ type: 'notice', message });

  // What was asked for.
  const asks = settingsOf(options);
  const opened = options.resumeFrom === undefined ? undefined : await openInterruptedRun(options.resumeFrom);
  const {
    config,
    template,
    run: earlier,
  } = opened && options.resumeFrom !== undefined
    ? resumedConfig(opened, options)
    : {
        ...newConfig(options as TrainOptions, await chooseTrainType({ ...options, hyperParameters: asks })),
        run: undefined,
      };
  const extension = opened && earlier && describeExtension(opened, earlier, template);
  if (extension) notice(extension);
  const { seed } = config;
  const threads = options.threads ?? earlier?.resume.threads ?? availableParallelism();

  // The data.
  const asked = resolveHyperParameters(template, config.hyper_parameters);
  const { train_type } = asked.algo_backend;
  checkTrainData(train_type, {
    validationData: config.val_data_roots,
    unlabeledData: config.unlabeled_data_roots,
    unlabeledFileList: config.unlabeled_file_list,
    hyperParameters: asked,
  });
  const data = await withProblemList(
    config.output,
    () => openTrainData(config, train_type, earlier?.resume.data, signal),
    rootsOf(config),
  );
  const { unlabeled } = data;
  if (config.unlabeled_data_roots !== undefined && !unlabeled) {
    notice(
      `the unlabeled images of ${config.unlabeled_data_roots} are not used: that takes the train type Semisupervised, ` +
        `which is chosen for two and more, and this one is ${train_type}`,
    );
  }
  const { classes } = data.trainSet;

  // The output folder, before anything that takes long.
  throwIfAborted(signal, 'the training was prepared');
  const inputs = joinInputs(data.inputs, besides(config, template, options.configFile));
  const copies = imageCacheOf(asked.algo_backend.storage_cache_scheme);
  if (copies) await checkPlace(copies.folder, inputs);
  const folder = earlier
    ? await reopenRunFolder(earlier.root, inputs)
    : await createRunFolder(config.output, inputs);
  onFolder(folder);
  if (opened) await checkStillThere(opened);

  // The settings.
  const chosen = earlier
    ? keptSettings(earlier, template, asks)
    : chooseSettings(asked, data.trainSet, seed, notice);
  const sizes = inputSizes(chosen);
  const workers = chosen.learning_parameters.num_workers;

  // The method and its first weights.
  if (
    !earlier &&
    !config.pretrained &&
    config.load_weights === undefined &&
    options.pretrained === undefined
  ) {
    notice(FROM_SCRATCH);
  }
  const isFresh = !earlier && !config.pretrained && config.load_weights === undefined;
  if (isFresh && train_type === 'Selfsupervised' && chosen.learning_parameters.optimizer === 'sgd') {
    notice(TIMID);
  }
  const cacheBytes = shareCache(
    chosen.algo_backend.mem_cache_size,
    data.trainSet,
    data.validationSet,
    squareOf(sizes.validation),
  );
  const methodOn = (set: Dataset) =>
    chooseMethod({
      template,
      hyperParameters: chosen,
      trainSet: set,
      unlabeled,
      seed,
      cacheBytes: cacheBytes.train,
    });
  const { variables, parameters } = methodOn(data.trainSet);
  const { state: weights, knownClasses } = await firstWeights(
    earlier,
    config,
    variables,
    classes,
    notice,
    (state) =>
      loadPretrained(state, variables, {
        model: template.model,
        ...options.pretrainedSource,
        signal,
        onEvent,
      }),
  );

  // Whatever could fail late fails now: every mask is looked at.
  const checked = await withProblemList(folder.outputs, () => data.check({ workers, onEvent, signal }));
  const { trainSet, validationSet, report } = checked;
  const method = methodOn(trainSet);
  // As in the reference, whose schedules of semi-supervised training count on whole epochs.
  const order = unlabeled || !report ? undefined : samplingOrder(report, knownClasses, seed, notice);

  // The engine, with a batch that fits.
  const engine = { variables, state: weights, saved: earlier?.checkpoint.tensors, seed, threads, signal };
  const hyperParameters = earlier
    ? chosen
    : await adaptBatchSize(chosen, config, trainSet, method, { threads, signal }, onEvent);
  const { batch_size: batchSize, num_iters } = hyperParameters.learning_parameters;
  const graphs = method.graphs(batchSize);
  const figures = allFigures(graphs);
  const trainLoader = method.loader(batchSize, order?.(batchSize));
  if (earlier) {
    const limits = { stepsPerEpoch: trainLoader.stepsPerEpoch, mostEpochs: num_iters };
    const problem = stateProblem(earlier.resume.state, limits);
    if (problem) {
      await trainLoader.dispose();
      throw new OtxError('checkpoint', `${earlier.file}: cannot be gone on with (${problem}); it is damaged`);
    }
  }
  const { outputs } = folder;
  const columns = [validationSet ? classes : [], figures] as const;
  if (!earlier) {
    await outputs.write(folder.labelSchema, formatLabelSchema(classes));
    await outputs.write(folder.config, formatRunConfig(repeatable(config, hyperParameters)));
    const environment = JSON.stringify(describeEnvironment(options.command), null, 2);
    await outputs.write(folder.environment, `${environment}\n`);
  }
  if (extension) {
    const text = formatRunConfig(repeatable(config, hyperParameters));
    await outputs.write(
      folder.config,
      `# after ${earlier?.resume.state.epoch} epochs: ${extension}\n${text}`,
    );
  }
  const history = earlier
    ? await History.resume(outputs, folder.history, earlier.resume.state.epoch, ...columns)
    : await History.start(outputs, folder.history, ...columns);
  onEvent({ type: 'output', folder: folder.root });
  const onCompile = (done: number, total: number) =>
    onEvent({ type: 'progress', task: 'compile', done, total });
  const session = await createTrainingSession({ ...engine, graphs, onCompile }).catch(async (error) => {
    await trainLoader.dispose();
    throw error;
  });
  const validationLoader =
    validationSet &&
    createEvalLoader(validationSet, {
      inputSize: squareOf(sizes.validation),
      workers,
      cacheBytes: cacheBytes.validation,
    });
  const state = earlier ? structuredClone(earlier.resume.state) : initialRunState(num_iters);

  return {
    config,
    template,
    hyperParameters,
    trainSet,
    validationSet,
    classes,
    sizes,
    parameters,
    folder,
    session,
    trainLoader,
    validationLoader,
    history,
    state,
    resumed: earlier ? { epoch: state.epoch, step: state.step } : undefined,
    resumeInfo: {
      config,
      threads,
      knownClasses,
      data: data.fingerprints,
    },
    dispose: async () => {
      await Promise.all([trainLoader.dispose(), validationLoader?.dispose(), session.dispose()]);
    },
  };
}

/** Where its data is, before it has been opened. */
function rootsOf({ train_data_roots, val_data_roots, unlabeled_data_roots }: CompleteConfig): Inputs {
  const roots = [train_data_roots, val_data_roots, unlabeled_data_roots];
  return { folders: fileInputs('the data', ...roots).files };
}

/** What a training reads besides its data. */
function besides(config: CompleteConfig, template: Template, configFile: string | undefined): Inputs {
  return joinInputs(
    config.load_weights === undefined ? {} : weightsInputs(config.load_weights),
    fileInputs('the template', template.path),
    fileInputs('the configuration', configFile),
  );
}

/** Settings that depend on the data, filled in. */
function chooseSettings(
  asked: HyperParameters,
  { samples }: Dataset,
  seed: number,
  notice: (message: string) => void,
): HyperParameters {
  const settings = asked.learning_parameters;
  const batch_size = Math.min(settings.batch_size, samples.length);
  if (batch_size < settings.batch_size) {
    notice(`batch size reduced from ${settings.batch_size} to ${batch_size}, the number of training images`);
  }
  const isAuto = settings.input_size === 'Auto';
  const input_size = isAuto ? chooseInputSize(samples, seed) : settings.input_size;
  if (isAuto)
    notice(
      `input size ${input_size === 'Default' ? '512x512' : input_size}, chosen by the sizes of the images`,
    );
  const num_workers = settings.auto_num_workers
    ? Math.max(Math.min(Math.floor(availableParallelism() / LOADERS), MOST_WORKERS), 1)
    : settings.num_workers;
  return { ...asked, learning_parameters: { ...settings, batch_size, input_size, num_workers } };
}

/** Validation gets what labeled images leave of the memory for decoded images, if it needs it; unlabeled ones get the rest. */
function shareCache(
  bytes: number,
  trainSet: Dataset,
  validationSet: Dataset | undefined,
  inputSize: Size,
): { readonly train: number; readonly validation: number } {
  const sum = (costs: readonly number[]) => costs.reduce((total, cost) => total + cost, 0);
  const wanted = sum((validationSet?.samples ?? []).map((sample) => evalBytes(sample, inputSize)));
  const left = Math.max(bytes - sum(trainSet.samples.map(labeledBytes)), 0);
  const validation = Math.min(wanted, left);
  return { train: bytes - validation, validation };
}

/**
 * What repeats a training exactly, in another folder and on another machine: all choices made, none left automatic. How the
 * batch size was chosen stays to be seen, with a word that it has been.
 */
function repeatable(config: CompleteConfig, { learning_parameters, ...others }: HyperParameters): RunConfig {
  const { auto_adapt_batch_size: mode, batch_size } = learning_parameters;
  const made = { auto_num_workers: false };
  const hyper_parameters = { learning_parameters: { ...learning_parameters, ...made }, ...others };
  const adapted_batch_size = mode === 'None' ? undefined : batch_size;
  return { ...config, output: undefined, adapted_batch_size, hyper_parameters };
}

/** Settings of an interrupted run, with those replaced that only change its speed. */
function keptSettings(
  { checkpoint }: InterruptedRun,
  template: Template,
  { learning_parameters, algo_backend }: HyperParameterOverrides,
): HyperParameters {
  const before = resolveHyperParameters(template, checkpoint.info.hyperParameters);
  const num_workers = learning_parameters?.num_workers ?? before.learning_parameters.num_workers;
  const mem_cache_size = algo_backend?.mem_cache_size ?? before.algo_backend.mem_cache_size;
  return {
    ...before,
    learning_parameters: { ...before.learning_parameters, num_workers },
    algo_backend: { ...before.algo_backend, mem_cache_size },
  };
}

interface FirstWeights {
  readonly state: StateDict;
  /** Classes of the weights that were given; null for random ones. */
  readonly knownClasses: string[] | null;
}

/** Whether a variable is there for a loss alone, and no part of a model that segments. */
const isOfLoss = (key: string): boolean => isContrastive(key) || isPrototypes(key);

async function firstWeights(
  earlier: InterruptedRun | undefined,
  { load_weights, pretrained, seed }: CompleteConfig,
  variables: readonly VariableSpec[],
  classes: readonly ClassInfo[],
  notice: (message: string) => void,
  withBackbone: (state: StateDict) => Promise<StateDict>,
): Promise<FirstWeights> {
  const fresh = initialState(variables, seed);
  if (earlier) {
    // What only a loss needs is state of the method, which the session reads itself.
    const own = variables.filter(({ key }) => !isOfLoss(key));
    const { state } = stateFromCheckpoint(earlier.checkpoint, earlier.file, own, classes, fresh);
    return { state: new Map([...fresh, ...state]), knownClasses: earlier.resume.knownClasses };
  }
  if (load_weights === undefined) {
    return { state: pretrained ? await withBackbone(fresh) : fresh, knownClasses: null };
  }
  const given = await openGivenWeights(load_weights);
  if (given.kind === 'weights') {
    const { weights } = given;
    const use = { fresh, complete: false };
    const { state, report } = stateFromWeights(weights, load_weights, variables, classes, use);
    notice(report);
    return { state, knownClasses: weights.classNames ? [...weights.classNames] : null };
  }
  const { checkpoint } = given;
  const known = checkpoint.info.classes.map(({ name }) => name);
  if (isBackboneOnly(checkpoint) || variables.some(({ key }) => isOfLoss(key))) {
    // What the checkpoint lacks, a head or what only a loss needs, starts fresh.
    const tensors = new Map([...checkpoint.tensors].filter(([name]) => !isTrainingState(name)));
    const named = isBackboneOnly(checkpoint) ? {} : { classNames: known };
    const use = { fresh, complete: false };
    const { state, report } = stateFromWeights({ tensors, ...named }, load_weights, variables, classes, use);
    notice(report);
    return { state, knownClasses: named.classNames ?? null };
  }
  const loaded = stateFromCheckpoint(checkpoint, load_weights, variables, classes, fresh);
  notice(describeLoaded(loaded, variables.length, load_weights));
  return { state: loaded.state, knownClasses: known };
}

/** For fine-tuning with other classes, how a batch size gives the order of an epoch; otherwise undefined. */
function samplingOrder(
  report: DatasetReport,
  knownClasses: readonly string[] | null,
  seed: number,
  notice: (message: string) => void,
): ((batchSize: number) => (epoch: number) => readonly number[]) | undefined {
  const names = report.classes.map(({ name }) => name);
  if (!knownClasses || !isClassIncremental(knownClasses, names)) return undefined;
  const split = splitByNovelty(report, knownClasses);
  notice(
    `class-incremental training: ${split.fresh.length} images show new classes, ${split.old.length} only known ones`,
  );
  return (batchSize) => (epoch) => classIncrementalOrder(split, { seed, epoch, batchSize });
}

async function adaptBatchSize(
  asked: HyperParameters,
  { adapted_batch_size }: RunConfig,
  { samples }: Dataset,
  method: Method,
  { threads, signal }: { readonly threads: number; readonly signal: AbortSignal | undefined },
  onEvent: (event: TrainEvent) => void,
): Promise<HyperParameters> {
  const { batch_size: requested, auto_adapt_batch_size: mode, learning_rate } = asked.learning_parameters;
  if (adapted_batch_size === requested) return asked;
  const views = method.variables.some(({ key }) => isContrastive(key)) ? 2 : 1;
  const pixels = views * inputSizes(asked).train ** 2;
  const isSemi = asked.algo_backend.train_type === 'Semisupervised';
  const besides = isSemi ? asked.learning_parameters.unlabeled_batch_size : 0;
  let trials = 0;
  const plan = async (batchSize: number) => {
    onEvent({ type: 'progress', task: 'probe', done: trials, total: Math.max(++trials, FEWEST_TRIALS) });
    const { steps, evaluation, otherEvaluations = {} } = method.graphs(batchSize);
    const all = [...Object.values(steps), evaluation, ...Object.values(otherEvaluations)];
    const engine = await createEngine({ threads });
    try {
      return await engine.plan(
        all.filter((graph) => graph !== undefined),
        signal,
      );
    } finally {
      await engine.dispose();
    }
  };
  const batch_size = await fitBatchSize({
    mode,
    requested,
    images: samples.length,
    pixels,
    besides,
    plan,
  });
  if (batch_size === requested) return asked;
  const scaled = scaleLearningRate(learning_rate, requested, batch_size);
  onEvent({
    type: 'notice',
    message:
      `batch size ${batch_size} instead of ${requested}, to fit the memory; learning rate ${scaled.toPrecision(3)} ` +
      `instead of ${learning_rate}`,
  });
  return {
    ...asked,
    learning_parameters: { ...asked.learning_parameters, batch_size, learning_rate: scaled },
  };
}
