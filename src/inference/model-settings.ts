/** @file Settings that a trained model still takes, of those that it was trained with. */

import { type SettingOptions, settings } from '../settings/index.js';
import type { NamesUsedBy, Operation } from '../settings/setting.js';
import type { trainingSettings } from '../settings/training-settings.js';

/** Values for the settings that an operation takes, under their names in the API. */
export type SettingsUsedBy<O extends Operation> = Pick<
  SettingOptions,
  NamesUsedBy<typeof trainingSettings, O>
>;

/** Their names. */
export const namesUsedBy = (operation: Operation): string[] =>
  settings.entries.filter(({ usedBy }) => usedBy?.includes(operation)).map(({ key }) => key);
