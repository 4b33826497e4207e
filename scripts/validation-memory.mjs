/**
 * Measures whether scoring needs more memory for more images: resident memory of a process that evaluates a network, after
 * 40 and after 400 images. Fails above 50 MB of growth. Needs "npm run build". MALLOC_ARENA_MAX=1 keeps the pools of the C library
 * out of it, which fill by chance.
 *
 * node scripts/validation-memory.mjs [few=40] [many=400] [input size=512x512] [adapter]
 */

import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '../dist/data/index.js';
import { generateScenes } from '../dist/demo/generate.js';
import { untrainedCheckpoint } from '../dist/demo/untrained.js';
import { evaluate } from '../dist/index.js';

const LIMIT_MB = 50;
const DIFFERENT = 20;
const [few = 40, many = 400] = process.argv.slice(2, 4).map(Number);
const input_size = process.argv[4] ?? '512x512';
const useOtxAdapter = process.argv[5] === 'adapter';

const folder = await mkdtemp(join(tmpdir(), 'otx-memory-'));
try {
  await generateScenes(join(folder, 'data'), {
    train: 1,
    val: Math.min(DIFFERENT, many),
    width: 480,
    height: 384,
  });
  const testData = join(folder, 'data', 'val');
  await repeatFiles(join(testData, 'images'), many);
  await repeatFiles(join(testData, 'masks'), many);
  const { classes, samples } = await openDataset(testData);
  const weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: input_size };
  await writeFile(
    weights,
    untrainedCheckpoint({ template: 'Lite-HRNet-18-mod2', classes, seed: 1, settings }),
  );

  const megabytes = new Map();
  let peak = 0;
  await evaluate({
    weights,
    testData,
    useOtxAdapter,
    onEvent: (event) => {
      if (event.type !== 'progress' || event.task !== 'evaluate') return;
      // What is garbage is not counted where it can be collected (node --expose-gc).
      if (event.done === few || event.done === many) globalThis.gc?.();
      const resident = process.memoryUsage().rss / 2 ** 20;
      megabytes.set(event.done, resident);
      peak = Math.max(peak, resident);
    },
  });
  const growth = megabytes.get(many) - megabytes.get(few);
  console.log(
    `${samples.length} images of 480x384, network input ${input_size}${useOtxAdapter ? ', masks through polygons' : ''}`,
  );
  console.log(`resident after ${few} images: ${megabytes.get(few).toFixed(1)} MB`);
  console.log(
    `resident after ${many} images: ${megabytes.get(many).toFixed(1)} MB (highest ${peak.toFixed(1)} MB)`,
  );
  console.log(`difference: ${growth.toFixed(1)} MB (limit ${LIMIT_MB} MB)`);
  process.exitCode = growth < LIMIT_MB ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Copies the files of a folder in turn until it holds `count`. */
async function repeatFiles(path, count) {
  const names = (await readdir(path)).sort();
  for (let i = names.length; i < count; i++) {
    const source = names[i % names.length];
    await copyFile(join(path, source), join(path, `copy${i}_${source}`));
  }
}
