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
  settingNames,
  settings,
  type TrainingSettings,
  withImplied,
} from './hyper-parameters.js';
