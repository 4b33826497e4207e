/** @file Settings of averages of the weights that a supervised training keeps beside them. */

import { float } from './kinds.js';
import type { SettingRecord } from './setting.js';

/** A part of the record of training-settings.ts. */
export const averageSettings = {
  emaDecay: {
    ...float({ min: 0, max: 0.9999 }),
    param: 'learning_parameters.ema_decay',
    default: 0,
    affects: 'result',
    onResume: 'fixed',
    description:
      'supervised training: what a moving average of the weights keeps of itself in a step, such as 0.99; it is validated beside ' +
      'the weights, and the better of both is kept. 0: there is none',
  },
  swaStart: {
    ...float({ min: 0, max: 1 }),
    param: 'learning_parameters.swa_start',
    default: 1,
    affects: 'result',
    onResume: 'fixed',
    description:
      'supervised training: share of its steps after which an average of the weights of all following steps alike begins (SWA), such ' +
      'as 0.75; it is validated beside the weights, and the better of both is kept. 1: there is none',
  },
} as const satisfies SettingRecord;
