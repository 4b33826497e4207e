/** @file Has all reports of a run follow its training, beside it and without ever stopping it. */

import { existsSync } from 'node:fs';
import { messageOf } from '../base/errors.js';
import type { Outputs } from '../base/outputs/outputs.js';
import type { DatasetReport } from '../data/index.js';
import type { RgbImage } from '../drawing/overlay.js';
import type { TrainEvent } from '../runs/events.js';
import { encodeJpeg } from './encode-jpeg.js';
import { createEventLog } from './event-log.js';
import { entries } from './kinds/index.js';
import type { CreateReport, Report, ReportDesk, ReportedRun } from './report.js';

/** A new one is a new file in `kinds`. */
const REPORTS: readonly CreateReport[] = Object.values(entries);

export interface RunReporterOptions {
  /** Is told of notices and pictures; each file that cannot be written has one notice. */
  readonly tell: (event: TrainEvent) => void;
  /** In seconds. */
  readonly clock?: () => number;
}

/** Takes part in a training by what it sees. Nothing of it throws; but for `finish` all returns at once. */
export interface RunReporter extends Required<Pick<Report, 'onEvent' | 'onStep' | 'onPrediction'>> {
  /**
   * The folder is there.
   *
   * @param resumed where a run goes on; undefined for a new one.
   */
  readonly onFolder: (outputs: Outputs, resumed?: { readonly epoch: number; readonly step: number }) => void;
  /** The first step comes next. */
  readonly onStart: (run: Omit<ReportedRun, 'found' | 'resumedStep'>) => void;
  /** Writes what is left. To be called when the training ends, however it ends. */
  readonly finish: () => Promise<void>;
}

/**
 * Reports a training into its run folder: `events.jsonl`, `results.png`, `labels.png`, `confusion_matrix.png`,
 * `val_batch_0..1.png` (of the best epoch), event files for TensorBoard, and what the method shows of itself. A resumed run
 * goes on with the same files.
 */
export function createRunReporter({
  tell,
  clock = () => performance.now() / 1000,
}: RunReporterOptions): RunReporter {
  const found = new Map<string, DatasetReport>();
  const told = new Set<string>();
  let queue: Promise<void> = Promise.resolve();
  let folder: Outputs | undefined;
  let following: Report[] = [];

  const attempt: ReportDesk['attempt'] = (what, work) =>
    work().catch((error: unknown) => {
      if (told.has(what)) return;
      told.add(what);
      tell({ type: 'notice', message: `${what} is missing or old, training goes on: ${messageOf(error)}` });
    });
  /** One after the other, so that two versions of a file cannot overtake each other. */
  const enqueue: ReportDesk['enqueue'] = (what, work) => {
    queue = queue.then(() => attempt(what, work));
    return queue;
  };
  const log = createEventLog(attempt);

  const deskOf = (outputs: Outputs, isResumed: boolean): ReportDesk => ({
    outputs,
    enqueue,
    attempt,
    isMissing: (file) => !isResumed || !existsSync(outputs.path(file)),
    show: async ({ name, step, file }, image: RgbImage) => {
      const { width, height } = image;
      const encoded = await encodeJpeg(image);
      if (file !== undefined) await outputs.write(file, encoded);
      for (const { onPicture } of following) onPicture?.({ name, step, width, height, file: encoded });
      if (file !== undefined) tell({ type: 'picture', name, file, step });
    },
    clock,
  });

  return {
    onFolder: (outputs, resumed) => {
      folder = outputs;
      log.begin(outputs, resumed);
    },
    onStart: (run) => {
      const { resumed, stepsPerEpoch } = run.start;
      const resumedStep = resumed && resumed.epoch * stepsPerEpoch + resumed.step;
      const desk = deskOf(folder as Outputs, resumed !== undefined);
      following = REPORTS.map((create) => create({ ...run, found, resumedStep }, desk));
    },
    onEvent: (event) => {
      log.add(event);
      if (event.type === 'data') found.set(event.subset, event.report);
      for (const { onEvent } of following) onEvent?.(event);
    },
    onStep: (step) => {
      for (const { onStep } of following) onStep?.(step);
    },
    onPrediction: (epoch, image, average) => {
      for (const { onPrediction } of following) onPrediction?.(epoch, image, average);
    },
    finish: async () => {
      for (const { finish } of following) finish?.();
      await queue;
      await log.flush();
    },
  };
}
