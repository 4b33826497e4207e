/**
 * @file What looking at an image in windows costs, and how far it agrees with looking at it as a whole, for docs/large-images.md.
 *
 *   npm run experiment:large-image -- --load-weights RUN [--load-weights RUN2 …] [--side 12000] [--folder runs/large-image]
 *
 * Makes a TIFF in tiles of the project's own scenes and runs `otx predict` of the first run on it: time, and the largest memory of the
 * process. Then compares, for each run, on an image of 4x4 windows, the classes of windows with those of the network applied to the whole image at the same
 * scale, near the borders of windows and elsewhere; writes pictures of the differences. The models should be trained ones: `otx train
 * Lite-HRNet-s-mod2 … --tile 256` on scenes of `npm run generate`, with several seeds. `--side 0` leaves the large image out and keeps what
 * was measured of it before.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSegmenter } from 'otx';
import sharp from 'sharp';
import { generateScene } from '../src/demo/generate.js';
import { MACHINE, spread, writeJson } from './experiment.js';

const { values } = parseArgs({
  options: {
    'load-weights': { type: 'string', multiple: true },
    side: { type: 'string', default: '12000' },
    folder: { type: 'string', default: join('runs', 'large-image') },
  },
});
const models = values['load-weights'] ?? [];
if (models.length === 0) throw new Error('give the run of a trained model as --load-weights');
const { folder } = values;
const side = Number(values.side);
const SCENE = { width: 320, height: 256 };
/** Windows along a side of the image that is looked at both ways. */
const WINDOWS = 4;
mkdirSync(folder, { recursive: true });

const results = join('docs', 'results', 'large-image.json');
const predicted = side === 0 ? earlier() : { side, predict: await predictLargeImage() };
const agreement: Agreement[] = [];
for (const [index, weights] of models.entries()) agreement.push(await compare(weights, index));
const result = { machine: MACHINE, ...predicted, agreement };
writeJson(results, result);
console.log(JSON.stringify(result, undefined, 1));
printTable();

/** HWC RGB of scenes of the size that the model has learned from, a few of them again and again. */
function scenesSideBySide({ width, height }: { width: number; height: number }, name: string): Uint8Array {
  const scenes = Array.from(
    { length: 40 },
    (_, i) => generateScene(`${name} ${i}`, SCENE.width, SCENE.height).image,
  );
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let left = 0; left < width; left += SCENE.width) {
      const columns = Math.min(SCENE.width, width - left);
      const scene = scenes[(Math.floor(y / SCENE.height) * 7 + left / SCENE.width) % scenes.length]!;
      const from = 3 * (y % SCENE.height) * SCENE.width;
      data.set(scene.subarray(from, from + 3 * columns), 3 * (y * width + left));
    }
  }
  return data;
}

/** What was measured of the large image before. */
function earlier(): object {
  const { side, predict } = JSON.parse(readFileSync(results, 'utf8')) as { side: number; predict: object };
  return { side, predict };
}

async function predictLargeImage() {
  const file = join(folder, `scenes-${side}.tif`);
  if (!existsSync(file)) await writeLargeImage(file);
  return measure(['predict', '-i', file, '--load-weights', models[0]!, '-o', join(folder, 'predicted')]);
}

async function writeLargeImage(path: string): Promise<void> {
  const data = scenesSideBySide({ width: side, height: side }, 'large');
  await sharp(data, { raw: { width: side, height: side, channels: 3 }, limitInputPixels: false })
    .tiff({ tile: true, tileWidth: 256, tileHeight: 256, compression: 'none' })
    .toFile(path);
}

/** Runs `otx` and looks at its memory five times a second. */
function measure(
  words: readonly string[],
): Promise<{ seconds: number; peakMegabytes: number; said: string[] }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, ['bin/otx.js', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    let peak = 0;
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const timer = setInterval(() => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    }, 200);
    child.on('close', (code) => {
      clearInterval(timer);
      if (code !== 0) return reject(new Error(`otx ended with ${code}`));
      const said = output.split('\n').filter((line) => line.includes('windows'));
      resolve({
        seconds: Math.round((performance.now() - start) / 100) / 10,
        peakMegabytes: Math.round(peak),
        said,
      });
    });
  });
}

interface Agreement {
  readonly size: { readonly width: number; readonly height: number };
  readonly window: { readonly width: number; readonly height: number };
  /** Shares of the pixels. */
  readonly byOverlap: Readonly<
    Record<string, { equal: number; differingNearBorders: number; differingElsewhere: number }>
  >;
}

function printTable(): void {
  console.log('| overlap | equal | differing within 8 pixels of a border | differing elsewhere |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const overlap of Object.keys(agreement[0]!.byOverlap)) {
    const percent = (key: keyof Agreement['byOverlap'][string]) => {
      const { mean, deviation } = spread(agreement.map(({ byOverlap }) => 100 * byOverlap[overlap]![key]));
      return `${mean.toFixed(0)} ± ${deviation.toFixed(0)} %`;
    };
    const cells = [percent('equal'), percent('differingNearBorders'), percent('differingElsewhere')];
    console.log(`| ${overlap} | ${cells.join(' | ')} |`);
  }
  console.log(`\nMean and standard deviation over ${models.length} models; ${MACHINE}.`);
}

/** Windows against the network on the whole image. */
async function compare(weights: string, index: number): Promise<Agreement> {
  const tiled = await createSegmenter({ weights, tile: 'off' });
  const { width, height } = tiled.inputSize;
  await tiled.dispose();
  const size = { width: WINDOWS * width, height: WINDOWS * height };
  const image = { data: scenesSideBySide(size, 'both ways'), ...size, channels: 3 as const };
  const labelsOf = async (options: Parameters<typeof createSegmenter>[0]) => {
    const segmenter = await createSegmenter(options);
    const { labels } = await segmenter.segment(image);
    await segmenter.dispose();
    return labels;
  };
  // Validation, and so a segmenter, takes 544/512 of the size that is set.
  const set = Math.round((size.width * 512) / 544 / 32) * 32;
  const whole = await labelsOf({ weights, tile: 'off', inputSize: `${set}x${set}` });
  const found: Record<string, Agreement['byOverlap'][string]> = {};
  for (const overlap of [0, 0.25, 0.5]) {
    const labels = await labelsOf({ weights, tile: `${width}x${height}`, overlap });
    const starts = Array.from(
      { length: Math.ceil((size.width - width) / (width * (1 - overlap))) + 1 },
      (_, i, all = 0) => i + all,
    );
    const stride = (size.width - width) / Math.max(starts.length - 1, 1);
    const borders = starts
      .flatMap((i) => [i * stride, i * stride + width])
      .filter((at) => at > 0 && at < size.width);
    const isNear = (at: number) => borders.some((border) => Math.abs(border - at) < 8);
    const counts = { near: [0, 0], elsewhere: [0, 0] };
    const difference = Buffer.alloc(labels.length);
    for (let i = 0; i < labels.length; i++) {
      const [x, y] = [i % size.width, Math.floor(i / size.width)];
      const place = isNear(x) || isNear(y) ? counts.near : counts.elsewhere;
      place[0]! += 1;
      if (labels[i] === whole[i]) continue;
      place[1]! += 1;
      difference[i] = 255;
    }
    const share = ([all, differing]: number[]) => Number((differing! / all!).toFixed(4));
    found[String(overlap)] = {
      equal: Number((1 - (counts.near[1]! + counts.elsewhere[1]!) / labels.length).toFixed(4)),
      differingNearBorders: share(counts.near),
      differingElsewhere: share(counts.elsewhere),
    };
    const png = await sharp(difference, { raw: { ...size, channels: 1 } })
      .png()
      .toBuffer();
    writeFileSync(join(folder, `difference-${index}-${overlap}.png`), png);
  }
  return { size, window: { width, height }, byOverlap: found };
}
