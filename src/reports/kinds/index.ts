/** @file Every file of this folder by its name. `npm run build` writes this list: to add one, add a file. */
import { entry as labels } from './labels.js';
import { entry as methodPictures } from './method-pictures.js';
import { entry as scores } from './scores.js';
import { entry as tensorboard } from './tensorboard.js';

export const entries = {
  labels,
  method_pictures: methodPictures,
  scores,
  tensorboard,
} as const;
