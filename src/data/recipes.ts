/** @file Training augmentations by name: each recipe turns a sample of any size into one of at most the crop size. */
import type { Random } from '../base/random.js';
import { randomFlip } from './transforms/flip.js';
import { cropMask, drawCropWindow } from './transforms/random-crop.js';
import { drawScaledSize } from './transforms/random-scale.js';
import { resizeImage, resizeMask } from './transforms/resize.js';
import type { Transform } from './transforms/transform.js';
import type { LabeledImage } from './types.js';

/** Long edge at scale 1 and crop size of the reference; other crop sizes keep the ratio. */
const REFERENCE_BASE = 544;
const REFERENCE_CROP = 512;

const RECIPES = {
  /** Random-scale resize, random crop, horizontal flip: the reference's supervised pipeline. */
  plain: (cropSize: number): Transform => {
    const scaleAndCrop = randomScaleCrop(cropSize);
    return (sample, random) => randomFlip(scaleAndCrop(sample, random), random);
  },
};

export type RecipeName = keyof typeof RECIPES;

/** The names of all recipes. */
export const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[];

/** Builds a recipe for a crop size in pixels. */
export function createRecipe(name: RecipeName, cropSize: number): Transform {
  return RECIPES[name](cropSize);
}

/**
 * Random-scale resize followed by random crop. The two are one transform because the mask alone decides where the crop
 * lies, so that only the cropped part of the enlarged image needs to be computed.
 */
function randomScaleCrop(cropSize: number): Transform {
  const base = Math.round((REFERENCE_BASE * cropSize) / REFERENCE_CROP);
  return (sample: LabeledImage, random: Random): LabeledImage => {
    const size = drawScaledSize(sample, base, random);
    const mask = resizeMask(sample.mask, sample, size);
    const window = drawCropWindow(mask, size, cropSize, random);
    return {
      image: resizeImage(sample.image, sample, size, window),
      mask: cropMask(mask, size, window),
      width: window.width,
      height: window.height,
    };
  };
}
