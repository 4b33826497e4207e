/** @file Everything before the first step of a training: data, settings, weights, folder, engine. What can fail, fails here. */

import { throwIfAborted } from '../../base/abortable.js';
import { OtxError } from '../../base/errors.js';
import { checkPlace } from '../../base/outputs/outputs.js';
import type { Inputs } from '../../base/outputs/places.js';
import { version } from '../../base/version.js';
import {
  type ClassInfo,
  createEvalLoader,
  type Dataset,
  type DatasetReport,
  type EvalLoader,
  type Share,
  squareOf,
  type TrainLoader,
} from '../../data/index.js';
import { batchesPerStep } from '../../data/loaders/share.js';
import { createEngine } from '../../engine/engine.js';
import { ALONE, type Ranks } from '../../engine/ranks/ranks.js';
import { learnedSize, type Tiling, tileFor, tilingOf } from '../../inference/tiles/tile.js';
import { allFigures, type Method } from '../../methods/method.js';
import { inMixedPrecision } from '../../methods/mixed-precision.js';
import type { RunReporter } from '../../reports/index.js';
import type { ResumeInfo } from '../../runs/checkpoint.js';
import type { TrainEvent } from '../../runs/events.js';
import type { History } from '../../runs/history.js';
import { joinInputs } from '../../runs/inputs.js';
import { withProblemList } from '../../runs/problem-list.js';
import { type RunState, stateProblem } from '../../runs/run-state.js';
import type { StartRecord } from '../../runs/start.js';
import { type HyperParameters, inputSizes, settingsOf } from '../../settings/index.js';
import type { Template } from '../../templates/index.js';
import type { CompleteConfig, ResumeOptions, TrainOptions } from '../options/train-options.js';
import { checkTrainData } from '../options/train-type.js';
import { checkStillThere } from '../resume/interrupted-run.js';
import { createTrainingSession, type TrainingSession } from '../session.js';
import { adaptBatchSize } from './adapt-batch-size.js';
import { type Asked, whatIsAsked } from './asked.js';
import { chooseMethod, imageCacheOf } from './choose-method.js';
import { chooseSettings, keptSettings } from './choose-settings.js';
import { samplingOrder } from './class-incremental.js';
import { recordOf, warnOfEngine } from './engine-record.js';
import { firstWeights } from './first-weights.js';
import { initialRunState } from './initial-run-state.js';
import { type PixelWeights, pixelWeights } from './pixel-weights.js';
import { checkAlike, smallestBatch } from './rank-settings.js';
import { createPrivateFolder, createRunFolder, type RunFolder, reopenRunFolder } from './run-folder.js';
import { besides, rootsOf } from './run-inputs.js';
import { type Settled, settle } from './settle.js';
import { shareCache } from './share-cache.js';
import { startFiles } from './start-files.js';
import { openTrainData, type TrainData } from './train-data.js';

/** For those who did not choose it, but whose template does. */
const FROM_SCRATCH =
  'all weights start from random numbers, as the template says; --pretrained auto starts from a backbone that knows images, ' +
  'which needs fewer images and epochs (--pretrained none says that this is intended)';

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
  readonly method: Method;
  readonly folder: RunFolder;
  readonly session: TrainingSession;
  readonly trainLoader: TrainLoader;
  readonly validationLoader: EvalLoader | undefined;
  /** How steps have several batches, which processes may share. */
  readonly share: Share;
  /** `results.csv`; undefined for a run that is not reported. */
  readonly history: History | undefined;
  /** What it began with; undefined for a run of an earlier version. */
  readonly start: StartRecord | undefined;
  /** The beginning, or where the interrupted run was. */
  readonly state: RunState;
  /** Undefined for a new run. */
  readonly resumed: { readonly epoch: number; readonly step: number } | undefined;
  /** In which windows validation images are looked at. */
  readonly tiling: Tiling;
  /** What checkpoints say about how to go on; the state is added when one is written. */
  readonly resumeInfo: Omit<ResumeInfo, 'state'>;
  dispose(): Promise<void>;
}

/** Who is told how the preparing goes on. */
export interface Listeners {
  readonly tell: (event: TrainEvent) => void;
  /** Undefined for a run that leaves nothing to look at. */
  readonly reporter: RunReporter | undefined;
}

/** @throws OtxError as {@link train} does before its first step; folders that were made for nothing are gone again. */
export async function prepareRun(
  raw: TrainOptions | ResumeOptions,
  listeners: Listeners,
  ranks: Ranks = ALONE,
): Promise<PreparedRun> {
  const notice = (message: string) => listeners.tell({ type: 'notice', message });
  const asked = await whatIsAsked(raw, notice, ranks);
  const { config, template, opened, options } = asked;
  const data = await openData(asked, options.signal, notice);

  // The output folder, before anything that takes long.
  throwIfAborted(options.signal, 'the training was prepared');
  const inputs = joinInputs(data.inputs, besides(config, template, options.configFile));
  const copies = imageCacheOf(asked.settings.algo_backend.storage_cache_scheme);
  if (copies) await checkPlace(copies.folder, inputs);
  const folder = await folderOf(asked, inputs, ranks);
  try {
    if (opened && ranks.rank === 0) await checkStillThere(opened);
    const settled = await settle(asked, data, listeners.tell);
    return await prepareIn(folder, { options, listeners, notice, data, ranks, ...settled });
  } catch (error) {
    // What is being written of the events must not come after the folder is let go.
    await listeners.reporter?.finish();
    await folder.outputs.close();
    throw error;
  }
}

/** Only the first process writes; the others have a folder of their own, which is gone in the end. */
async function folderOf({ earlier, config }: Asked, inputs: Inputs, { rank }: Ranks): Promise<RunFolder> {
  if (rank > 0) return createPrivateFolder(config.output);
  return earlier ? reopenRunFolder(earlier.root, inputs) : createRunFolder(config.output, inputs);
}

async function openData(
  { config, settings, earlier, given }: Asked,
  signal: AbortSignal | undefined,
  notice: (message: string) => void,
): Promise<TrainData> {
  const { train_type } = settings.algo_backend;
  checkTrainData(train_type, {
    trainList: config.train_list,
    valList: config.val_list,
    valShare: config.val_share,
    folds: config.folds,
    fold: config.fold,
    trainData: given.train,
    validationData: given.validation ?? config.val_data_roots,
    unlabeledData: config.unlabeled_data_roots,
    unlabeledFileList: config.unlabeled_file_list,
    hyperParameters: settings,
  });
  const data = await withProblemList(
    config.output,
    () => openTrainData(config, given, train_type, earlier?.resume.data, signal),
    rootsOf(config),
  );
  if (config.unlabeled_data_roots !== undefined && !data.unlabeled) {
    notice(
      `the unlabeled images of ${config.unlabeled_data_roots} are not used: that takes the train type Semisupervised, ` +
        `which is chosen for two and more, and this one is ${train_type}`,
    );
  }
  return data;
}

interface Preparing extends Settled {
  readonly options: TrainOptions | ResumeOptions;
  readonly listeners: Listeners;
  readonly notice: (message: string) => void;
  readonly data: TrainData;
  readonly ranks: Ranks;
}

/** The rest, once there is a folder. */
async function prepareIn(folder: RunFolder, preparing: Preparing): Promise<PreparedRun> {
  const { options, listeners, notice, asked, start, data, ranks, chosen: byRecipe } = preparing;
  const { config, template, earlier, threads, engine, device } = asked;
  const { signal } = options;
  const { tell } = listeners;

  const chosen = earlier
    ? keptSettings(earlier, template, settingsOf(options))
    : chooseSettings(asked.settings, data.trainSet, config.seed, notice);
  warnOfRandomStart(preparing, chosen);
  const unread = methodOf(preparing, chosen, data).method;
  const { state: weights, knownClasses } = await firstWeights({
    earlier,
    config,
    method: unread,
    classes: data.trainSet.classes,
    notice,
    backbone: start.backbone,
    hasOwnModel: options.model !== undefined,
  });

  // Whatever could fail late fails now: every mask is looked at.
  const { num_workers: workers } = chosen.learning_parameters;
  const checked = await withProblemList(folder.outputs, () => data.check({ workers, onEvent: tell, signal }));
  const { trainSet, validationSet, report } = checked;
  // How masks are read is known only now.
  const { method, validationCache } = methodOf(
    preparing,
    chosen,
    checked,
    pixelWeights(report, chosen, notice),
  );

  // The engine, with a batch that fits.
  const adapted = earlier ? chosen : await adapt(preparing, chosen, trainSet, method);
  const hyperParameters = await smallestBatch(adapted, ranks);
  const share = shareOf(hyperParameters, ranks);
  const graphs = method.graphs(hyperParameters.learning_parameters.batch_size);
  const trainLoader = await loaderOf(preparing, { method, hyperParameters, report, knownClasses });
  const history =
    ranks.rank > 0
      ? undefined
      : await startFiles(folder, {
          ...{ options, asked, byRecipe, hyperParameters, isReported: listeners.reporter !== undefined },
          texts: data.files ?? {},
          classes: trainSet.classes,
          columns: [validationSet ? trainSet.classes : [], allFigures(graphs)],
        });
  const resumed = earlier && { epoch: earlier.resume.state.epoch, step: earlier.resume.state.step };
  listeners.reporter?.onFolder(folder.outputs, resumed);
  tell({ type: 'output', folder: folder.root });
  const session = await createTrainingSession({
    ...{ graphs, signal, state: weights, seed: config.seed, variables: method.variables },
    ...{ share, ranks, openEngine: () => createEngine({ threads, engine, device }) },
    isNormShared: hyperParameters.learning_parameters.sync_batch_norm,
    saved: earlier?.checkpoint.tensors,
    onCompile: (done, total) => tell({ type: 'progress', task: 'compile', done, total }),
  }).catch(async (error) => {
    await trainLoader.dispose();
    throw error;
  });
  warnOfEngine(session, earlier, notice);
  await checkAlike(
    { version, settings: hyperParameters, seed: config.seed, engine: session.engine.kind },
    ranks,
  );
  const files = [trainSet, validationSet].map((set) => set?.samples.map(({ id }) => id));
  await checkAlike({ 'list of images': files, 'checkpoint to go on from': earlier?.resume.state }, ranks);
  const sizes = inputSizes(hyperParameters);
  const imageSize = learnedSize(trainSet.samples, hyperParameters);
  const tiling = tilingOf(hyperParameters, { readings: [], imageSize });
  const validationLoader =
    validationSet && evalLoader(validationSet, hyperParameters, tiling, validationCache);
  const { num_iters, learning_rate_schedule } = hyperParameters.learning_parameters;

  return {
    ...{ config, template, hyperParameters, trainSet, validationSet, sizes, method, folder, session },
    ...{ trainLoader, validationLoader, history, resumed, tiling, share },
    classes: trainSet.classes,
    state: earlier
      ? structuredClone(earlier.resume.state)
      : initialRunState(num_iters, learning_rate_schedule, asked.precision),
    start: start.record,
    resumeInfo: { config, threads, knownClasses, data: data.fingerprints, ...recordOf(session.engine) },
    dispose: async () => {
      await Promise.all([trainLoader.dispose(), validationLoader?.dispose(), session.dispose()]);
    },
  };
}

/** For validation while training. */
const evalLoader = (
  dataset: Dataset,
  hyperParameters: HyperParameters,
  tiling: Tiling,
  cacheBytes: number,
): EvalLoader =>
  createEvalLoader(dataset, {
    inputSize: squareOf(inputSizes(hyperParameters).validation),
    workers: hyperParameters.learning_parameters.num_workers,
    isTiled: (size) => tileFor(tiling, size) !== undefined,
    cacheBytes,
  });

/** How steps have several batches. */
const shareOf = ({ learning_parameters: { accumulate } }: HyperParameters, { rank, size }: Ranks): Share => ({
  parts: accumulate,
  rank,
  ranks: size,
});

/** Settings with a batch that fits the memory of this process. */
function adapt(
  { asked: { config, threads, engine, device }, options: { signal }, listeners, ranks }: Preparing,
  chosen: HyperParameters,
  trainSet: Dataset,
  method: Method,
): Promise<HyperParameters> {
  // Where norms wait for each other, all batches of the process are in its memory at once.
  const isShared = chosen.learning_parameters.sync_batch_norm;
  const together = isShared ? batchesPerStep(shareOf(chosen, ranks)) : 1;
  const computing = { threads, engine, device, signal, together };
  return adaptBatchSize(chosen, config, trainSet, method, computing, listeners.tell);
}

/** Says so to who did not choose to begin with random numbers. */
function warnOfRandomStart(
  { options, asked, notice }: Preparing,
  { algo_backend, ...chosen }: HyperParameters,
): void {
  const { earlier, config, template } = asked;
  if (earlier || config.pretrained !== 'none' || config.load_weights !== undefined) return;
  if (options.pretrained === undefined && template.pretrained === 'none') notice(FROM_SCRATCH);
  if (algo_backend.train_type === 'Selfsupervised' && chosen.learning_parameters.optimizer === 'sgd') {
    notice(TIMID);
  }
}

/** The method, and the bytes that are left for decoded validation images. */
function methodOf(
  { asked: { template, config, precision }, data, options: own, ranks }: Preparing,
  hyperParameters: HyperParameters,
  { trainSet, unlabeled = data.unlabeled }: Pick<TrainData, 'trainSet' | 'unlabeled'>,
  pixels: PixelWeights = {},
): { readonly method: Method; readonly validationCache: number } {
  const { validationSet } = data;
  const { mem_cache_size } = hyperParameters.algo_backend;
  const inputSize = squareOf(inputSizes(hyperParameters).validation);
  const cache = shareCache(mem_cache_size, trainSet, validationSet, inputSize);
  const method = chooseMethod({
    ...{
      template,
      hyperParameters,
      trainSet,
      unlabeled,
      own,
      ...pixels,
      share: shareOf(hyperParameters, ranks),
    },
    seed: config.seed,
    cacheBytes: cache.train,
  });
  return {
    method: precision === 'mixed' ? inMixedPrecision(method) : method,
    validationCache: cache.validation,
  };
}

/** @throws OtxError `checkpoint` for a run that goes on from where it cannot have been. */
async function loaderOf(
  { asked: { earlier, config }, data, notice }: Preparing,
  run: {
    readonly method: Method;
    readonly hyperParameters: HyperParameters;
    readonly report: DatasetReport | undefined;
    readonly knownClasses: readonly string[] | null;
  },
): Promise<TrainLoader> {
  const { method, report, knownClasses } = run;
  const { batch_size, accumulate, num_iters } = run.hyperParameters.learning_parameters;
  // As in the reference, whose schedules of semi-supervised training count on whole epochs.
  const order =
    data.unlabeled || !report ? undefined : samplingOrder(report, knownClasses, config.seed, notice);
  const loader = method.loader(batch_size, order?.(batch_size * accumulate));
  const limits = { stepsPerEpoch: loader.stepsPerEpoch, mostEpochs: num_iters };
  const problem = earlier && stateProblem(earlier.resume.state, limits);
  if (!problem) return loader;
  await loader.dispose();
  throw new OtxError('checkpoint', `${earlier.file}: cannot be gone on with (${problem}); it is damaged`);
}
