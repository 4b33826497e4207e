/** @file What was asked for, as a new training or as one that goes on. */

import { OtxError, option } from '../../base/errors.js';
import type { DataSource } from '../../data/index.js';
import { createEngine } from '../../engine/engine.js';
import { ALONE, type Ranks } from '../../engine/ranks/ranks.js';
import {
  DEVICE_KINDS,
  type DeviceKind,
  type DeviceWish,
  type EngineWish,
  type Precision,
} from '../../engine/settings.js';
import { networkBeside } from '../../inference/imported-network.js';
import { type HyperParameters, resolveHyperParameters } from '../../settings/index.js';
import type { Template } from '../../templates/index.js';
import { completeOptions } from '../options/complete-options.js';
import { checkOwnFunctions } from '../options/from-program.js';
import {
  type CompleteConfig,
  newConfig,
  type ResumeOptions,
  resumedConfig,
  type TrainOptions,
} from '../options/train-options.js';
import { checkUsed } from '../options/unused-settings.js';
import { describeExtension } from '../resume/extend-run.js';
import { type InterruptedRun, openInterruptedRun } from '../resume/interrupted-run.js';
import { requireEmbedded } from './choose-start.js';
import { checkShared, checkSharedNorms, sharedThreads, withRanks } from './rank-settings.js';
import type { GivenData } from './train-data.js';

/** What was asked for. */
export interface Asked {
  /** With what nobody has to say. */
  readonly options: TrainOptions | ResumeOptions;
  readonly config: CompleteConfig;
  readonly template: Template;
  /** Of a new run the documented ones with what was named on top, until its recipe has been followed. */
  readonly settings: HyperParameters;
  /** The run that goes on, as it was found. */
  readonly opened: InterruptedRun | undefined;
  /** The same, with more epochs if they were asked for. */
  readonly earlier: InterruptedRun | undefined;
  /** What becomes of a run that was given more epochs. */
  readonly extension: string | undefined;
  readonly threads: number;
  /** Of a run that goes on that which it had, unless another one was named. */
  readonly engine: EngineWish;
  /** Of a run that goes on the one that it was on, unless another one was named. */
  readonly device: DeviceWish;
  /** Of a run that goes on that which it had. */
  readonly precision: Precision;
  readonly given: GivenData;
}

/** @throws OtxError as `train` for what can be seen without opening the data. */
export async function whatIsAsked(
  raw: TrainOptions | ResumeOptions,
  notice: (message: string) => void,
  ranks: Ranks = ALONE,
): Promise<Asked> {
  const known =
    raw.resumeFrom === undefined
      ? await askedAnew(withRanks(raw, ranks), notice)
      : await askedToGoOn(raw, notice);
  const { config, template, earlier, options } = known;
  const settings = resolveHyperParameters(template, config.hyper_parameters);
  const threads = options.threads ?? earlier?.resume.threads ?? (await sharedThreads(ranks));
  const given = { train: inMemory(options.trainData), validation: inMemory(options.validationData) };
  checkOwnFunctions(options, settings);
  checkUsed(options, settings);
  checkShared(settings, ranks);
  if (!earlier && config.pretrained === 'embedded')
    await requireEmbedded({ template, source: options.pretrainedSource });
  const engine = engineOf(options, config, earlier);
  const wanted = deviceOf(options, config, earlier);
  // Norms of several batches are computed on the processor alone.
  const isShared = settings.learning_parameters.sync_batch_norm;
  const device = isShared && wanted === 'auto' ? 'cpu' : wanted;
  const precision = (config.precision?.trim().toLowerCase() ?? 'float32') as Precision;
  if (!earlier) checkPrecision(precision, { engine, device });
  await checkSharedNorms(settings, { threads, engine, device });
  await requireDevice(device, threads);
  return { ...known, settings, threads, engine, device, precision, given };
}

type Known = Omit<Asked, 'settings' | 'threads' | 'engine' | 'device' | 'precision' | 'given'>;

/** @throws OtxError `usage` for what would take longer than float32, and gain nothing, unless the engine for it is named. */
function checkPrecision(
  precision: Precision,
  { engine, device }: { readonly engine: EngineWish; readonly device: DeviceWish },
): void {
  if (precision === 'float32' || device !== 'cpu' || engine === 'stock') return;
  throw new OtxError(
    'usage',
    `${option('precision')} is mixed, which is for graphics processors: on the processor every float16 is made a float32 and rounded ` +
      `again, which takes longer than float32. Give ${option('device')} too, or leave ${option('precision')} out; to compute so all ` +
      `the same, e.g. to compare, give ${option('engine')} stock`,
  );
}

/** One that had the stock engine keeps it, so that it goes on bit by bit; the fused one may be missing where it goes on. */
function engineOf(
  options: TrainOptions | ResumeOptions,
  config: CompleteConfig,
  earlier: InterruptedRun | undefined,
): EngineWish {
  const named = options.engine ?? (earlier ? undefined : config.engine);
  if (named !== undefined) return named.trim().toLowerCase() as EngineWish;
  return earlier?.resume.engine === 'stock' ? 'stock' : 'auto';
}

/** Where it was chosen automatically, it stays what it became. */
function deviceOf(
  options: TrainOptions | ResumeOptions,
  config: CompleteConfig,
  earlier: InterruptedRun | undefined,
): DeviceWish {
  const named = options.device ?? (earlier ? undefined : config.device);
  if (named !== undefined) return named.trim().toLowerCase() as DeviceWish;
  const before = earlier?.resume.engine;
  const isDevice = (kind: string | undefined): kind is DeviceKind =>
    (DEVICE_KINDS as readonly (string | undefined)[]).includes(kind);
  return isDevice(before) ? before : 'cpu';
}

/** Before data is read and a folder made. @throws OtxError `engine` when it was asked for by name and cannot be had. */
async function requireDevice(device: DeviceWish, threads: number): Promise<void> {
  if (device === 'cpu' || device === 'auto') return;
  const tried = await createEngine({ threads, device });
  try {
    await tried.choice();
  } finally {
    await tried.dispose();
  }
}

async function askedAnew(raw: TrainOptions, notice: (message: string) => void): Promise<Known> {
  const { options, trainType, notices } = await completeOptions(raw);
  const { config, template } = newConfig(options, trainType);
  for (const message of notices) notice(message);
  return { options, config, template, opened: undefined, earlier: undefined, extension: undefined };
}

async function askedToGoOn(raw: ResumeOptions, notice: (message: string) => void): Promise<Known> {
  const opened = await openInterruptedRun(raw.resumeFrom);
  const options = await withNetwork(opened, raw);
  const { config, template, run: earlier } = resumedConfig(opened, options);
  const extension = describeExtension(opened, earlier, template);
  if (extension) notice(extension);
  return { options, config, template, opened, earlier, extension };
}

/** A run that trains a network of a file goes on with that which it has kept. */
export async function withNetwork(
  { file, resume }: InterruptedRun,
  options: ResumeOptions,
): Promise<ResumeOptions> {
  if (!resume.config.from_program?.includes('model') || options.model) return options;
  const model = await networkBeside(file);
  return model ? { ...options, model } : options;
}

const inMemory = (data: DataSource | undefined) => (typeof data === 'string' ? undefined : data);
