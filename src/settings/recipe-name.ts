/** @file What decides the settings that nobody names. */

/**
 * - `auto`: what suits the start of the training, and the number and size of its images;
 * - `otx`: the documented settings of OTX, which were made for an ImageNet backbone, from any start.
 */
export const RECIPE_NAMES = ['auto', 'otx'] as const;

/** One of {@link RECIPE_NAMES}. */
export type RecipeName = (typeof RECIPE_NAMES)[number];

/** The recipe of a training that names none. */
export const DEFAULT_RECIPE: RecipeName = 'auto';
