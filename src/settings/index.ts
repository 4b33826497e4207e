/** @file Public face of the settings. */

export {
  checkHyperParameters,
  completeHyperParameters,
  confidenceThreshold,
  describeHyperParameters,
  type HyperParameterInfo,
  type HyperParameterOverrides,
  type HyperParameters,
  inputSizes,
  isSwitch,
  resolveHyperParameters,
  type SettingOptions,
  settingNames,
  settings,
  settingsOf,
  type TrainingSettings,
  withImplied,
} from './hyper-parameters.js';
