/** @file Public face of the templates. */

export { embeddedBackbone, templatesWithBackbone } from './embedded-backbone.js';
export {
  type FollowedRecipe,
  followRecipe,
  reasonsByParam,
  START_WORDS,
  valuesInWords,
} from './recipes/recipe.js';
export type { RecipeFacts, RecipeValue } from './recipes/situation.js';
export { describeSettings, settingsSchema } from './settings-schema.js';
export { DEFAULT_TEMPLATE, formatTemplate, listTemplates, loadTemplate } from './template.js';
export type { Template } from './template-type.js';
export { DEFAULT_SEED, defaultSeed, documentedSettings, type TrainType } from './train-types.js';
