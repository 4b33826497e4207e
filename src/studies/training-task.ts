/** @file A training as a task of a study: begun, gone on with, or over, by what its run folder says. */

import { join, resolve } from 'node:path';
import { freeLock } from '../base/outputs/lock.js';
import type { TrainEvent } from '../runs/events.js';
import { type OwnOfProgram, readTrainingRequest } from '../training/options/training-config.js';
import { LOCK_FILE } from '../training/prepare/run-folder.js';
import { trainAlone } from '../training/train.js';
import { isOver, readRun } from './run-facts.js';
import type { Study } from './study.js';
import type { Task } from './work.js';

/**
 * The task of a planned training.
 *
 * @param own what only the program can give: functions, data in memory, how often to save.
 */
export function trainingTask(study: Study, name: string, own: OwnOfProgram = {}): Task {
  const run = study.runFolder(name);
  const facts = () => readRun(run);
  return {
    name,
    isDone: async () => isOver(await facts()),
    isBegun: async () => (await facts()) !== undefined,
    perform: async ({ signal, onEvent, before }) => {
      // The lock of the run is the dead process's as well.
      if (before) await freeLock(join(resolve(run), LOCK_FILE), before);
      const hooks = {
        signal,
        // The log of a study is in its own folder.
        onEvent: (event: TrainEvent) => (event.type === 'output' ? undefined : onEvent(event)),
      };
      const isBegun = (await facts()) !== undefined;
      const { metrics } = await trainAlone(
        isBegun
          ? { ...own, ...hooks, resumeFrom: run }
          : { ...(await readTrainingRequest(study.planFile(name), own)), ...hooks, output: run },
      );
      return metrics && `mean Dice ${metrics.mDice.toFixed(4)}`;
    },
  };
}
