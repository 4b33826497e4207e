/** @file The one value of a mask that stands for no class. */

/** Label of pixels that neither a loss nor a score looks at. */
export const IGNORE_INDEX = 255;
