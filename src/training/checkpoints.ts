/** @file When and how a run is saved, so that nothing that was computed is lost. */

import { OtxError } from '../base/errors.js';
import { otxCommand } from '../base/shell.js';
import { dataReadingSchema } from '../data/index.js';
import { learnedSize } from '../inference/tiles/tile.js';
import { OWN_MODEL } from '../models/index.js';
import { checkpointOf, encodeCheckpoint } from '../runs/checkpoint.js';
import type { TrainEvent } from '../runs/events.js';
import type { SegmentationMetrics } from '../runs/metrics.js';
import type { CheckpointInterval } from '../settings/run-kinds.js';
import { stopwatch } from './clock.js';
import type { PreparedRun } from './prepare/prepare.js';

const DEFAULT_SECONDS = 60;

export interface Checkpoints {
  /**
   * @param kind the best weights so far, which may be an average, or the newest ones with the whole state of the run.
   * @param metrics scores of exactly these weights; null when they have none.
   */
  readonly save: (kind: 'best' | 'last', metrics: SegmentationMetrics | null) => Promise<void>;
  /** Saves the newest state where the last time was long ago. */
  readonly saveIfDue: () => Promise<void>;
  /** @throws OtxError `aborted`, after saving, when the signal has fired. */
  readonly stopIfAborted: (metrics: SegmentationMetrics | null) => Promise<void>;
  /** Keeps the steps since the last checkpoint, whatever has failed. A folder that cannot be written has said so. */
  readonly rescue: (error: unknown) => Promise<void>;
}

export interface CheckpointsOptions {
  readonly interval: CheckpointInterval | undefined;
  /** Folder of the run, as the caller named it. */
  readonly folderName: string;
  /** Fires when the run is to stop. */
  readonly signal: AbortSignal | undefined;
  /** Fires, if not at once, when this process is asked to. */
  readonly ownSignal: AbortSignal | undefined;
  readonly tell: (event: TrainEvent) => void;
  /** Seconds of the whole run so far. */
  readonly elapsed: () => number;
}

export function createCheckpoints(run: PreparedRun, options: CheckpointsOptions): Checkpoints {
  const { state, session, folder, config } = run;
  const { signal, ownSignal, tell } = options;
  const { steps = Number.POSITIVE_INFINITY, seconds = DEFAULT_SECONDS } = options.interval ?? {};
  let sinceSaved = stopwatch();
  let savedUpdates = state.updates;
  let isStopped = false;

  const save: Checkpoints['save'] = async (kind, metrics) => {
    state.seconds.run = options.elapsed();
    const { epoch, step, updates } = state;
    const average = kind === 'best' ? state.best?.average : undefined;
    const tensors = await (average === undefined
      ? session.tensors({ trainingState: kind === 'last' })
      : session.averageTensors(average));
    const checkpoint = checkpointOf(
      { ...describe(run, kind, metrics), ...(average !== undefined && { average }) },
      tensors,
    );
    await folder.outputs.write(folder[kind], encodeCheckpoint(checkpoint, config.load_weights));
    tell({ type: 'checkpoint', path: folder[kind], kind, epoch, step, updates });
    if (kind === 'best') return;
    sinceSaved = stopwatch();
    savedUpdates = updates;
  };

  const stopIf = async (asked: AbortSignal | undefined, metrics: SegmentationMetrics | null) => {
    if (!asked?.aborted) return;
    isStopped = true;
    await save('last', metrics);
    throw new OtxError(
      'aborted',
      `stopped after ${state.updates} steps (${state.epoch} of ${state.epochs} epochs) and saved ${folder.last}; ` +
        `go on with: ${otxCommand('train', '--resume-from', options.folderName)}`,
    );
  };

  return {
    save,
    saveIfDue: async () => {
      if (state.updates - savedUpdates >= steps || sinceSaved() >= seconds) await save('last', null);
    },
    stopIfAborted: (metrics) => stopIf(signal, metrics),
    rescue: async (error) => {
      if (error instanceof OtxError && ['output', 'numeric'].includes(error.code)) return;
      if (!isStopped) await stopIf(ownSignal, null);
      if (!isStopped) await save('last', null).catch(() => undefined);
    },
  };
}

/** For a process that trains along with another one, which saves. */
export function followedCheckpoints(signal: AbortSignal | undefined): Checkpoints {
  const nothing = async () => undefined;
  return {
    ...{ save: nothing, saveIfDue: nothing, rescue: nothing },
    stopIfAborted: async () => {
      if (signal?.aborted) throw new OtxError('aborted', 'stopped along with process 0, which has saved');
    },
  };
}

/** What a checkpoint says of the run besides its tensors. */
function describe(
  { template, hyperParameters, classes, trainSet, start, state, config, resumeInfo }: PreparedRun,
  kind: 'best' | 'last',
  metrics: SegmentationMetrics | null,
): Parameters<typeof checkpointOf>[0] {
  const { epoch, updates, best } = state;
  const isOwn = config.from_program?.includes('model');
  return {
    template: { id: template.id, name: template.name, model: isOwn ? OWN_MODEL : template.model },
    hyperParameters,
    classes: classes.map(({ name, color }) => ({ name, color: [...color] as [number, number, number] })),
    data: dataReadingSchema.parse({
      readings: trainSet.readings ?? [],
      ...(trainSet.imageReading && { imageReading: trainSet.imageReading }),
      imageSize: learnedSize(trainSet.samples, hyperParameters),
    }),
    ...(start && { start }),
    ...(config.recipe && { recipe: config.recipe }),
    metrics,
    progress: {
      epoch,
      step: updates,
      seed: config.seed,
      best: best && { mDice: best.metrics.mDice, epoch: best.epoch },
    },
    ...(kind === 'last' ? { resume: { ...resumeInfo, state } } : {}),
  };
}
