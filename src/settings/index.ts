/** @file Public face of the settings. */

export { confidenceThreshold, inputSizes } from './derived.js';
export {
  checkHyperParameters,
  completeHyperParameters,
  describeHyperParameters,
  type HyperParameterInfo,
  type HyperParameterOverrides,
  type HyperParameters,
  isSwitch,
  resolveHyperParameters,
  type SettingOptions,
  settingNames,
  settings,
  settingsOf,
  type TrainingSettings,
  withImplied,
} from './hyper-parameters.js';
