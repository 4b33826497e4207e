/** @file What the measurements of augmentations share: generated pictures, and the time of a call over many seeds. */
import { Random } from '../src/base/random.js';
import type { LabeledImage } from '../src/data/types.js';

const WARM_UP = 20;
const REPEATS = 4;

/** Coloured blobs with their classes and a little noise: no flat areas, as in a photograph. */
export function picture(width: number, height: number, random: Random): LabeledImage {
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

/** Prints the CPU time of a call over as many seeds as there are `images`. Each seed runs several times and its best time counts. */
export function measure(name: string, images: number, call: (random: Random) => void): void {
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
