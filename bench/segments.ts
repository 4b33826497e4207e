/**
 * @file `node .cache/bench/bench/segments.js [folder]` after `npx tsc -p tsconfig.bench.json`: time of graph-based
 * segmentation per image, beside the time that the folder's `index.json` records for scikit-image on the machine that made
 * the images. Default folder: `../shared/golden/felzenszwalb`. On another machine only the ratio of the totals to a run of
 * scikit-image there means something.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readImage } from '../src/data/images/read-image.js';
import { PSEUDO_MASK_SETTINGS, segmentImage } from '../src/data/superpixels/felzenszwalb.js';

const REPEATS = 9;

interface Index {
  readonly reference: string;
  readonly cases: readonly {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly reference_seconds: number;
  }[];
}

const folder = process.argv[2] ?? '../shared/golden/felzenszwalb';
const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Index;

const row = (...cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(12) : cell.padStart(14))).join('');

console.log(`milliseconds per image, median of ${REPEATS}; recorded: ${index.reference}`);
console.log(row('image', 'size', 'segments', 'first', 'median', 'recorded'));
for (const { name, width, height, reference_seconds } of index.cases) {
  const image = await readImage(join(folder, `${name}.png`));
  const times: number[] = [];
  let count = 0;
  for (let n = 0; n < REPEATS; n++) {
    const start = performance.now();
    count = segmentImage(image.data, image, PSEUDO_MASK_SETTINGS).count;
    times.push(performance.now() - start);
  }
  const first = times[0]!;
  const median = times.sort((a, b) => a - b)[REPEATS >> 1]!;
  const figures = [first, median, 1000 * reference_seconds].map((ms) => ms.toFixed(1));
  console.log(row(name, `${width}x${height}`, String(count), ...figures));
}
