/** @file Public face of the templates. */

export {
  checkHyperParameters,
  confidenceThreshold,
  describeHyperParameters,
  type HyperParameterInfo,
  type HyperParameterOverrides,
  type HyperParameters,
  hyperParameterTable,
  inputSizes,
  isSwitch,
  resolveHyperParameters,
  settingNames,
  withImplied,
} from './hyper-parameters.js';
export { listTemplates, loadTemplate } from './template.js';
export type { Template } from './template-type.js';
export { DEFAULT_SEED, defaultSeed, settingsOfTraining, type TrainType } from './train-types.js';
