/** @file Public face of the templates. */

export { embeddedBackbone, templatesWithBackbone } from './embedded-backbone.js';
export { describeSettings, settingsSchema } from './settings-schema.js';
export { listTemplates, loadTemplate } from './template.js';
export type { Template } from './template-type.js';
export { DEFAULT_SEED, defaultSeed, settingsOfTraining, type TrainType } from './train-types.js';
