/**
 * @file `node .cache/bench/bench/augment.js [images] [side]` after `npx tsc -p tsconfig.bench.json`: time of the training
 * augmentations in CPU milliseconds per image, per transform and for whole recipes, on generated images of 960x720. CPU
 * time, not wall time, so that other work on the machine does not count.
 */
import { Random } from '../src/base/random.js';
import { createRecipe, RECIPE_NAMES } from '../src/data/recipes.js';
import { flipHorizontal } from '../src/data/transforms/flip.js';
import { maskCompose } from '../src/data/transforms/mask-compose.js';
import { type NetworkInput, packSample } from '../src/data/transforms/normalize.js';
import { photometricDistortion } from '../src/data/transforms/photometric-distortion.js';
import { drawCropWindow } from '../src/data/transforms/random-crop.js';
import { resizeImage, resizeMask } from '../src/data/transforms/resize.js';
import { rotate } from '../src/data/transforms/rotate.js';
import { smoothMask } from '../src/data/transforms/smooth-mask.js';
import type { LabeledImage } from '../src/data/types.js';

const WARM_UP = 20;
const REPEATS = 4;

const images = Number(process.argv[2] ?? 200);
const side = Number(process.argv[3] ?? 512);

/** Coloured blobs with their classes and a little noise: no flat areas, as in a photograph. */
function picture(width: number, height: number, random: Random): LabeledImage {
  const image = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const wave = Math.sin(x / 37) + Math.cos(y / 53) + Math.sin((x + 2 * y) / 91);
      mask[i] = Math.min(Math.max(Math.floor(wave + 3), 0), 6);
      for (let c = 0; c < 3; c++)
        image[3 * i + c] = 60 + 20 * ((mask[i]! * (c + 3)) % 7) + random.integer(30);
    }
  }
  return { image, mask, width, height };
}

/** Prints the time of a call over many seeds. Each seed runs several times and its best time counts. */
function measure(name: string, call: (random: Random) => void): void {
  for (let n = 0; n < WARM_UP; n++) call(new Random(n));
  const times = Array.from({ length: images }, (_, seed) => {
    const runs = Array.from({ length: REPEATS }, () => {
      const random = new Random(seed);
      const start = process.cpuUsage();
      call(random);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    });
    return Math.min(...runs);
  });
  times.sort((a, b) => a - b);
  const figures = [
    times.reduce((sum, time) => sum + time, 0) / times.length,
    times[times.length >> 1]!,
    times[Math.floor(times.length * 0.95)]!,
  ];
  console.log(name.padEnd(44) + figures.map((figure) => figure.toFixed(2).padStart(8)).join(''));
}

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
measure('resize image (crop only)', () => {
  resizeImage(source.image, source, drawn, { left: 9, top: 9, width: side, height: side });
});
measure('resize mask (whole, at r = 1.25)', () => {
  resizeMask(source.mask, source, drawn);
});
measure('draw crop window', (random) => {
  drawCropWindow(source.mask, source, side, random);
});
measure('draw crop window, one class only', (random) => {
  drawCropWindow(uniform, crop, side, random);
});
measure('flip', () => {
  flipHorizontal(crop);
});
measure('photometric distortion', (random) => {
  photometricDistortion(crop, random);
});
measure('smooth mask', (random) => {
  smoothMask(crop, 3, random);
});
measure('mixing, with its distortions', (random) => {
  maskCompose(crop, random);
});
measure('normalise and pad', () => {
  packSample(crop, input);
});
measure('rotate', () => {
  rotate(input, 17);
});
for (const name of RECIPE_NAMES) {
  const recipe = createRecipe(name, side);
  measure(`recipe "${name}"`, (random) => recipe(source, random, fresh()));
}
