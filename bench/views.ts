/**
 * @file `node .cache/bench/bench/views.js [images]` after `npx tsc -p tsconfig.bench.json`: time of the two views of
 * contrastive training and of their transforms, in CPU milliseconds per view of a generated image of 960x720.
 */
import { Random } from '../src/base/random.js';
import {
  changeContrast,
  changeHue,
  changeSaturation,
  randomColorJitter,
} from '../src/data/transforms/color-jitter.js';
import { blur, randomBlur } from '../src/data/transforms/gaussian-blur.js';
import { fillInput, type NetworkInput } from '../src/data/transforms/normalize.js';
import { randomResizedCrop } from '../src/data/transforms/resized-crop.js';
import { drawRegionIds, poolRegions } from '../src/data/views/regions.js';
import { writeView } from '../src/data/views/two-views.js';
import { measure, picture } from './images.js';

const images = Number(process.argv[2] ?? 100);
const source = picture(960, 720, new Random(1));

for (const side of [224, 512]) {
  const crop = picture(side, side, new Random(2));
  const input = (): NetworkInput => ({
    planes: new Float32Array(3 * side * side),
    labels: new Uint8Array(side * side),
    side,
  });
  const packed = input();
  console.log(`${`${images} views of ${side}, CPU ms per view`.padEnd(44)}    mean  median     p95`);
  const time = (name: string, call: (random: Random) => void) => measure(name, images, call);
  time('resized crop', (random) => {
    randomResizedCrop(source, side, random);
  });
  time('colour jitter (in place)', (random) => randomColorJitter(crop.image, random));
  time('  contrast', () => changeContrast(crop.image, 1.01));
  time('  saturation', () => changeSaturation(crop.image, 1.01));
  time('  hue', () => changeHue(crop.image, 0.05));
  time('blur', (random) => {
    randomBlur(crop.image, crop, random);
  });
  time('  sigma 2', () => {
    blur(crop.image, crop, 2);
  });
  time('normalise', () => fillInput(crop, packed));
  time('regions: pool by 8 and draw', (random) => {
    drawRegionIds(poolRegions(crop.mask, side, 8), random);
  });
  time('view 0', (random) => writeView(source, 0, random, input()));
  time('view 1', (random) => writeView(source, 1, random, input()));
}
