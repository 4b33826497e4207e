/** @file Where a training begins. */

import type { Precision } from '../../engine/settings.js';
import { LOSS_SCALE_START } from '../../methods/loss-scale.js';
import { type LearningRateSchedule, scheduleOf } from '../../optim/index.js';
import type { RunState } from '../../runs/run-state.js';
import { EARLY_STOPPING_START } from '../steering/early-stopping.js';

/** The state before the first step. @param precision default float32 */
export function initialRunState(
  epochs: number,
  schedule: LearningRateSchedule,
  precision: Precision = 'float32',
): RunState {
  return {
    epoch: 0,
    step: 0,
    updates: 0,
    undoneInARow: 0,
    ...(precision === 'mixed' && { lossScale: { ...LOSS_SCALE_START } }),
    loss: { sum: 0, count: 0 },
    figures: {},
    schedule: { ...scheduleOf(schedule).start },
    earlyStopping: { ...EARLY_STOPPING_START },
    lastScore: null,
    best: null,
    epochs,
    seconds: { run: 0, train: 0, waiting: 0 },
    finished: null,
  };
}
