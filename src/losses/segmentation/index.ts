/** @file Every file of this folder by its name. `npm run build` writes this list: to add one, add a file. */
import { entry as crossEntropy } from './cross-entropy.js';
import { entry as dice } from './dice.js';
import { entry as focal } from './focal.js';
import { entry as lovasz } from './lovasz.js';

export const entries = {
  cross_entropy: crossEntropy,
  dice,
  focal,
  lovasz,
} as const;
