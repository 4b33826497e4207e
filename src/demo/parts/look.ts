/** @file Generated pictures of metal parts on a conveyor. */

import { Random } from '../../base/random.js';
import { develop } from '../../synthesis/sensor.js';
import { FlatCanvas } from '../flat/canvas.js';
import type { Look } from '../look.js';
import { drawConveyor, PART_CLASSES } from './belt.js';
import { renderConveyor } from './render.js';

/** Kinds of parts that differ in form alone, with defects that are small, rare, and like harmless marks beside them. */
export const parts: Look = {
  classes: PART_CLASSES,
  generator: 'otx parts 1',
  pictureName: 'parts',
  draw(key, width, height) {
    const random = new Random(`parts:${key}`);
    const canvas = new FlatCanvas(width, height);
    renderConveyor(drawConveyor(random, canvas.across, canvas.down), canvas);
    return { image: develop(canvas.light, width, height, random), mask: canvas.labels };
  },
};
