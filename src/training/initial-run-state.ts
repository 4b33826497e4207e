/** @file Where a training begins. */

import type { RunState } from '../runs/run-state.js';
import { EARLY_STOPPING_START, PLATEAU_START } from './schedules/index.js';

/** The state before the first step. */
export function initialRunState(epochs: number): RunState {
  return {
    epoch: 0,
    step: 0,
    updates: 0,
    undoneInARow: 0,
    loss: { sum: 0, count: 0 },
    figures: {},
    plateau: { ...PLATEAU_START },
    earlyStopping: { ...EARLY_STOPPING_START },
    lastScore: null,
    best: null,
    epochs,
    seconds: { run: 0, train: 0, waiting: 0 },
    finished: null,
  };
}
