/** @file Generated pictures of cells under a microscope. */

import { Random } from '../../base/random.js';
import { develop } from '../../synthesis/sensor.js';
import { FlatCanvas } from '../flat/canvas.js';
import type { Look } from '../look.js';
import { renderSlide } from './render.js';
import { CELL_CLASSES, drawSlide } from './slide.js';

/** Stained or glowing cells that touch and overlap; hues and brightness differ between pictures, and name no class. */
export const cells: Look = {
  classes: CELL_CLASSES,
  generator: 'otx cells 1',
  pictureName: 'cells',
  draw(key, width, height) {
    const random = new Random(`cells:${key}`);
    const canvas = new FlatCanvas(width, height);
    renderSlide(drawSlide(random, canvas.across, canvas.down), canvas);
    return { image: develop(canvas.light, width, height, random), mask: canvas.labels };
  },
};
