/** @file Public face of the templates. */

export {
  checkHyperParameters,
  describeHyperParameters,
  type HyperParameterInfo,
  type HyperParameterOverrides,
  type HyperParameters,
  hyperParameterTable,
  inputSizes,
  resolveHyperParameters,
} from './hyper-parameters.js';
export { listTemplates, loadTemplate, type Template } from './template.js';
