/**
 * @file `npm run bench:segmenter`: pictures per second of `createSegmenter` on pixels in memory, against the same network in bare
 * onnxruntime-node with tensors ready.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Random } from '../src/base/random.js';
import { defaultPalette } from '../src/data/masks/palette.js';
import { untrainedCheckpoint } from '../src/demo/untrained.js';
import { createSegmenter, exportModel, type RawImage } from '../src/index.js';
import { median } from './configuration.js';

const CLASSES = defaultPalette(5).map((color, index) => ({
  name: index === 0 ? 'background' : `class ${index}`,
  color,
}));

const { values: options } = parseArgs({
  options: {
    templates: { type: 'string', default: 'Lite-HRNet-18-mod2,Lite-HRNet-s-mod2,SegNext-t' },
    images: { type: 'string', default: '40' },
    width: { type: 'string', default: '480' },
    height: { type: 'string', default: '360' },
    rounds: { type: 'string', default: '7' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const [count, width, height, threads] = [options.images, options.width, options.height, options.threads].map(
  Number,
) as [number, number, number, number];

const random = new Random(1);
const images = Array.from({ length: count }, (): RawImage => {
  const data = Uint8Array.from({ length: 3 * width * height }, () => Math.floor(256 * random.uniform()));
  return { data, width, height, channels: 3 };
});

/** Milliseconds of each way, taken in turn: other work on the machine meets all alike. */
async function timesOf(ways: readonly (() => Promise<void>)[]): Promise<number[][]> {
  const times: number[][] = ways.map(() => []);
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [way, run] of ways.entries()) {
      const start = performance.now();
      await run();
      // The first round warms up.
      if (round > 0) times[way]!.push(performance.now() - start);
    }
  }
  return times;
}

async function measure(template: string, folder: string): Promise<string> {
  const weights = join(folder, `${template}.safetensors`);
  await writeFile(weights, untrainedCheckpoint({ template, classes: CLASSES, seed: 1 }));
  const { model, inputShape } = await exportModel({ weights, output: join(folder, template) });
  const [, , rows, columns] = inputShape;
  const session = await InferenceSession.create(model, { intraOpNumThreads: threads });
  const input = new Tensor('float32', new Float32Array(3 * rows * columns).fill(0.5), [1, 3, rows, columns]);
  const segmenter = await createSegmenter({ weights, threads });
  const fromFile = await createSegmenter({ weights: model, threads });
  const [bare, memory, file] = (await timesOf([
    async () => {
      for (let i = 0; i < count; i++) await session.run({ input });
    },
    async () => {
      await Promise.all(images.map((image) => segmenter.segment(image)));
    },
    async () => {
      await Promise.all(images.map((image) => fromFile.segment(image)));
    },
  ])) as [number[], number[], number[]];
  await Promise.all([session.release(), segmenter.dispose(), fromFile.dispose()]);
  const rates = [bare, memory, file].map((times) => (1000 * count) / Math.min(...times));
  const shares = [memory, file].map((times) => median(times.map((time, round) => bare[round]! / time)));
  return template.padEnd(20) + [...rates, ...shares].map((value) => value.toFixed(2).padStart(11)).join('');
}

console.log(
  `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${threads} threads, Node ${process.version}; ` +
    `${count} pictures of ${width}x${height}: pictures per second of the fastest of ${options.rounds} rounds, ` +
    'and of each as a share of the bare one, the median of the rounds',
);
console.log(
  `${''.padEnd(20)}${['bare', 'checkpoint', '.onnx', 'share', 'share'].map((w) => w.padStart(11)).join('')}`,
);
const folder = await mkdtemp(join(tmpdir(), 'otx-bench-'));
try {
  for (const template of options.templates.split(',')) console.log(await measure(template, folder));
} finally {
  await rm(folder, { recursive: true, force: true });
}
