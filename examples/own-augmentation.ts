/** @file Trains with an augmentation of its own: a random crop, turned upside down now and then. Usage: own-augmentation.ts DATA OUTPUT */

import { join } from 'node:path';
import { type LabeledImage, type Random, train } from 'otx';

const [data = 'data', output = 'own-augmentation-run'] = process.argv.slice(2);
const SIDE = 64;

function cropAndTurn({ image, mask, width, height }: LabeledImage, random: Random): LabeledImage {
  const [w, h] = [Math.min(SIDE, width), Math.min(SIDE, height)];
  const [left, top] = [random.integer(width - w + 1), random.integer(height - h + 1)];
  const isTurned = random.chance(0.3);
  const crop = { image: new Uint8Array(3 * w * h), mask: new Uint8Array(w * h), width: w, height: h };
  for (let y = 0; y < h; y++) {
    const from = (top + (isTurned ? h - 1 - y : y)) * width + left;
    crop.mask.set(mask.subarray(from, from + w), y * w);
    crop.image.set(image.subarray(3 * from, 3 * (from + w)), 3 * y * w);
  }
  return crop;
}

const { metrics } = await train({
  ...{
    template: 'Lite-HRNet-s-mod2',
    trainData: join(data, 'train'),
    validationData: join(data, 'val'),
    output,
  },
  ...{ inputSize: `${SIDE}x${SIDE}`, epochs: 2, pretrained: false },
  augment: cropAndTurn,
});
console.log(`mean Dice ${metrics?.mDice.toFixed(3)}`);
