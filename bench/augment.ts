/**
 * @file `node .cache/bench/bench/augment.js [images] [side]` after `npx tsc -p tsconfig.bench.json`: time of the training
 * augmentations in CPU milliseconds per image, per transform and for whole augmentations, on generated images of 960x720. CPU
 * time, not wall time, so that other work on the machine does not count.
 */
import { Random } from '../src/base/random.js';
import { AUGMENTATION_NAMES, createAugmentation } from '../src/data/augmentation.js';
import { flipHorizontal } from '../src/data/transforms/flip.js';
import { maskCompose } from '../src/data/transforms/mask-compose.js';
import { fillInput, type NetworkInput } from '../src/data/transforms/normalize.js';
import { photometricDistortion } from '../src/data/transforms/photometric-distortion.js';
import { drawCropWindow } from '../src/data/transforms/random-crop.js';
import { resizeImage, resizeMask } from '../src/data/transforms/resize.js';
import { rotate } from '../src/data/transforms/rotate.js';
import { smoothMask } from '../src/data/transforms/smooth-mask.js';
import { measure, picture } from './images.js';

const images = Number(process.argv[2] ?? 200);
const side = Number(process.argv[3] ?? 512);

const time = (name: string, call: (random: Random) => void) => measure(name, images, call);

const fresh = (): NetworkInput => ({
  planes: new Float32Array(3 * side * side),
  labels: new Uint8Array(side * side),
  side,
});

const source = picture(960, 720, new Random(1));
const crop = picture(side, side, new Random(2));
const drawn = { width: Math.floor(1.0625 * 1.25 * side), height: Math.floor(1.0625 * 1.25 * side) };
const uniform = new Uint8Array(crop.mask.length);
const input = fresh();

console.log(`${`${images} images, crops of ${side}, CPU ms per image`.padEnd(44)}    mean  median     p95`);
time('resize image (crop only)', () => {
  resizeImage(source.image, source, drawn, { left: 9, top: 9, width: side, height: side });
});
time('resize mask (whole, at r = 1.25)', () => {
  resizeMask(source.mask, source, drawn);
});
time('draw crop window', (random) => {
  drawCropWindow(source.mask, source, side, random);
});
time('draw crop window, one class only', (random) => {
  drawCropWindow(uniform, crop, side, random);
});
time('flip', () => {
  flipHorizontal(crop);
});
time('photometric distortion', (random) => {
  photometricDistortion(crop, random);
});
time('smooth mask', (random) => {
  smoothMask(crop, 3, random);
});
time('mixing, with its distortions', (random) => {
  maskCompose(crop, random);
});
time('normalise and pad', () => {
  fillInput(crop, input);
});
time('rotate', () => {
  rotate(input, 17);
});
for (const name of AUGMENTATION_NAMES) {
  const augmentation = createAugmentation(name, side);
  time(`augmentation "${name}"`, (random) => augmentation(source, random, fresh()));
}
