/** @file Training a trial as far as it is to be trained, within the time that is left. */

import { join, resolve } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { freeLock } from '../../base/outputs/lock.js';
import type { TrainEvent } from '../../runs/events.js';
import { type OwnOfProgram, readTrainingRequest } from '../../training/options/training-config.js';
import { LOCK_FILE } from '../../training/prepare/run-folder.js';
import { trainAlone } from '../../training/train.js';
import { isOver, readRun } from '../run-facts.js';
import type { Study } from '../study.js';
import type { Task } from '../work.js';
import type { TrialTask } from './trials.js';

/** The time of a search. */
export interface SearchClock {
  /** Seconds that are left; Infinity where there is no limit. */
  readonly left: () => number;
}

/** @param own what only the program can give. */
export function trialTask(study: Study, trial: TrialTask, own: OwnOfProgram, clock: SearchClock): Task {
  const { training, name, epochs } = trial;
  const run = study.runFolder(training);
  const look = async () => {
    const facts = await readRun(run);
    const isFar = facts !== undefined && epochs !== undefined && facts.epochs >= epochs;
    const isDone = isFar || isOver(facts);
    return { facts, isDone };
  };
  return {
    name,
    isDone: async () => (await look()).isDone,
    isBegun: async () => (await look()).facts !== undefined,
    perform: async ({ signal, onEvent, before }) => {
      if (before) await freeLock(join(resolve(run), LOCK_FILE), before);
      const { facts, isDone } = await look();
      if (isDone) return undefined;
      const values = Object.entries(trial.values).map(([setting, value]) => `${setting} ${value}`);
      if (values.length > 0) onEvent({ type: 'notice', message: `${training}: ${values.join(', ')}` });
      const limit = deadline(clock);
      const hooks = {
        signal: AbortSignal.any([signal, limit.signal]),
        onEvent: (event: TrainEvent) => {
          if (event.type !== 'output') onEvent(event);
          const isFar =
            event.type === 'epoch' && event.metrics && epochs !== undefined && event.epoch >= epochs;
          return isFar ? 'stop' : undefined;
        },
      };
      try {
        const { metrics } = await trainAlone(
          facts
            ? { ...own, ...hooks, resumeFrom: run }
            : { ...(await readTrainingRequest(study.planFile(training), own)), ...hooks, output: run },
        );
        if (!metrics)
          throw new OtxError('usage', `${run}: nothing was validated, so that trials cannot be compared`);
        return `mean Dice ${metrics.mDice.toFixed(4)}`;
      } catch (error) {
        const isTimeUp = limit.signal.aborted && !signal.aborted;
        if (!isTimeUp || !(error instanceof OtxError && error.code === 'aborted')) throw error;
        return 'stopped, as the time of the search is up';
      } finally {
        limit.clear();
      }
    },
  };
}

/** Longest time of a timer. */
const MOST_MILLISECONDS = 2 ** 31 - 1;

function deadline({ left }: SearchClock): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const seconds = left();
  const timer = Number.isFinite(seconds)
    ? setTimeout(() => controller.abort(), Math.min(Math.max(1000 * seconds, 0), MOST_MILLISECONDS))
    : undefined;
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
