/** @file Generated pictures of cells under a microscope. */

import { Random } from '../../base/random.js';
import { develop } from '../../synthesis/sensor.js';
import type { Look } from '../look.js';
import { renderSlide } from './render.js';
import { CELL_CLASSES, drawSlide } from './slide.js';

const SHORTER = 256;

/** Stained or glowing cells that touch and overlap; hues and brightness differ between pictures, and name no class. */
export const cells: Look = {
  classes: CELL_CLASSES,
  rareClasses: ['dividing'],
  generator: 'otx cells 1',
  pictureName: 'cells',
  draw(key, width, height) {
    const random = new Random(`cells:${key}`);
    const unit = SHORTER / Math.min(width, height);
    const slide = drawSlide(random, width * unit, height * unit);
    const { light, labels } = renderSlide(slide, width, height);
    return { image: develop(light, width, height, random), mask: labels };
  },
};
