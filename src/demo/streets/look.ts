/** @file Generated pictures of a place outdoors. */

import { Random } from '../../base/random.js';
import { develop } from '../../synthesis/sensor.js';
import type { Look } from '../look.js';
import { renderScene } from './render.js';
import { drawScene, SCENE_CLASSES } from './scene.js';

/** Objects on the ground in all weathers, seen in perspective; their colours say nothing about what they are. */
export const streets: Look = {
  classes: SCENE_CLASSES,
  generator: 'otx scenes 1',
  pictureName: 'scene',
  draw(key, width, height) {
    const random = new Random(key);
    const { light, labels } = renderScene(drawScene(random), width, height);
    return { image: develop(light, width, height, random), mask: labels };
  },
};
