/** @file The type that training transforms share. */
import type { Random } from '../../base/random.js';
import type { LabeledImage } from '../types.js';

/**
 * Takes a sample and gives a new one, drawing what it needs from `random`. The given pixels are never changed: they can
 * be shared with other threads and epochs.
 */
export type Transform = (sample: LabeledImage, random: Random) => LabeledImage;
