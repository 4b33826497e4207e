/** @file How far the training in a run folder is, from its newest checkpoint alone. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassInfo } from '../data/index.js';
import { LAST_FILE, readCheckpointInfo, WEIGHTS_FILE } from '../runs/checkpoint.js';
import type { SegmentationMetrics } from '../runs/metrics.js';
import type { RunConfig } from '../runs/run-config.js';
import type { StopReason } from '../runs/run-state.js';

/** What a run has come to. */
export interface RunFacts {
  /** Folder of the run. */
  readonly run: string;
  /** As it was asked for, with all that was chosen for it. */
  readonly config: RunConfig;
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Why it ended; undefined for one that goes on. */
  readonly finished: StopReason | undefined;
  /** Epochs finished. */
  readonly epochs: number;
  /** Scores of its best epoch; undefined before the first validation, and without any. */
  readonly metrics: SegmentationMetrics | undefined;
  /** From 1; 0 for given weights that were not beaten; undefined without validation. */
  readonly bestEpoch: number | undefined;
  /** Time of the run, interruptions not counted. */
  readonly seconds: number;
  /** Its best weights. */
  readonly weights: string;
}

/**
 * Looks at a run, which another process may be at.
 *
 * @returns undefined where no training has begun.
 * @throws OtxError `checkpoint` for a damaged one.
 */
export async function readRun(run: string): Promise<RunFacts | undefined> {
  const file = join(run, 'models', LAST_FILE);
  if (!(await stat(file).catch(() => undefined))?.isFile()) return undefined;
  const { resume, classes } = await readCheckpointInfo(file);
  if (!resume) return undefined;
  const { state, config } = resume;
  return {
    ...{ run, config },
    classes: classes.map(({ name, color }) => ({ name, color })),
    finished: state.finished ?? undefined,
    epochs: state.epoch,
    metrics: state.best?.metrics,
    bestEpoch: state.best?.epoch,
    seconds: state.seconds.run,
    weights: join(run, 'models', WEIGHTS_FILE),
  };
}

/** Whether a run is over; one whose program asked for its end goes on when it is told to. */
export const isOver = (facts: RunFacts | undefined): facts is RunFacts =>
  facts?.finished !== undefined && facts.finished !== 'callback';
