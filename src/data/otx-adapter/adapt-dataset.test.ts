import { describe, expect, it } from 'vitest';
import { ConfusionMatrix } from '../../runs/metrics.js';
import {
  errorOf,
  indexMask,
  noise,
  rgbPng,
  soundDataset,
  stripes,
  THREE_CLASSES,
  temporaryFolder,
  writeFiles,
} from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { formatReport } from '../datasets/report.js';
import { verifyDataset } from '../datasets/verify.js';
import { createEvalLoader } from '../loaders/eval-loader.js';
import { createTrainLoader } from '../loaders/train-loader.js';
import { squareOf } from '../transforms/geometry.js';

const SIDE = 32;
const HOLE = 8 * 8;
const RING = 16 * 16 - HOLE;
const IGNORED = 4 * SIDE;

/** A square ring of class 1 whose hole is background, and a strip of ignored pixels above it. */
const ring = Array.from({ length: SIDE * SIDE }, (_, i) => {
  const x = i % SIDE;
  const y = Math.floor(i / SIDE);
  const within = (from: number, to: number) => x >= from && x < to && y >= from && y < to;
  if (y < 4) return 255;
  return within(8, 24) && !within(12, 20) ? 1 : 0;
});

/** One image, `ring`, and others with the given masks. */
async function dataset(masks: Record<string, Uint8Array> = {}): Promise<string> {
  const root = await temporaryFolder();
  await writeFiles(root, { 'dataset_meta.json': THREE_CLASSES });
  for (const [name, mask] of Object.entries({ ring: indexMask(ring, SIDE, SIDE), ...masks })) {
    const image = await rgbPng(noise(SIDE, SIDE, 1), SIDE, SIDE);
    await writeFiles(root, { [`images/${name}.png`]: image, [`masks/${name}.png`]: mask });
  }
  return root;
}

const dot = ring.map((_, i) => (i === 100 ? 1 : 0));

describe.each([0, 2])('openDataset with useOtxAdapter and %i workers', (workers) => {
  it('changes what the checks, the table and both loaders see', async () => {
    const adapted = await openDataset(await dataset(), { useOtxAdapter: true, workers });
    const { report } = await verifyDataset(adapted, { workers });
    expect(report.ignoredShare).toBe(0);
    expect(report.classes.map(({ pixels }) => pixels)).toEqual([SIDE * SIDE - RING - HOLE, RING + HOLE, 0]);
    expect(formatReport(report)).toMatch(/note: use_otx_adapter is on: .*holes filled/);

    const evaluation = createEvalLoader(adapted, { inputSize: squareOf(SIDE), workers });
    const filled = ring.map((label, i) => (label === 255 ? 0 : inHole(i) ? 1 : label));
    for await (const { mask } of evaluation) expect([...mask]).toEqual(filled);
    await evaluation.dispose();

    const training = createTrainLoader(adapted, {
      batchSize: 1,
      cropSize: SIDE,
      seed: 1,
      workers,
      augmentation: 'plain',
    });
    for await (const { inputs } of training.epoch(0)) {
      expect(new Set(inputs.labels)).toEqual(new Set([0, 1, 255]));
    }
    await training.dispose();
  });

  it('leaves out what shows no object then, and says so', async () => {
    const root = await dataset({
      empty: indexMask(
        ring.map(() => 0),
        SIDE,
        SIDE,
      ),
      dot: indexMask(dot, SIDE, SIDE),
    });
    expect((await openDataset(root)).samples).toHaveLength(3);
    const { samples, notices } = await openDataset(root, { useOtxAdapter: true, workers });
    expect(samples.map(({ id }) => id)).toEqual(['ring']);
    expect(notices.at(-1)).toBe('left out, since their masks give no polygon: 2 images (dot, empty)');
  });

  it('refuses a data set of which nothing is left', async () => {
    const root = await dataset({ ring: indexMask(dot, SIDE, SIDE) });
    const error = await errorOf(openDataset(root, { useOtxAdapter: true, workers }));
    expect(error).toMatchObject({ code: 'dataset' });
    expect(error.message).toContain('none of the 1 masks has a region large enough for a polygon');
  });

  it('leaves masks that cannot be decoded to the check of all files', async () => {
    const root = await soundDataset(3, 40, 30);
    await writeFiles(root, { 'masks/a.png': 'text', 'masks/b.png': stripes(41, 30) });
    const adapted = await openDataset(root, { useOtxAdapter: true, workers });
    expect(adapted.samples).toHaveLength(3);
    const error = await errorOf(verifyDataset(adapted, { workers }));
    expect(error.message).toMatch(/2 problems[\s\S]*a\.png cannot be read[\s\S]*b\.png is 41x30/);
  });

  it('stops when the signal fires', async () => {
    const root = await dataset();
    const opening = openDataset(root, { useOtxAdapter: true, workers, signal: AbortSignal.abort() });
    expect(await errorOf(opening)).toMatchObject({ code: 'aborted' });
  });
});

it('scores of one prediction differ by the filled hole and the ignored strip', async () => {
  const root = await dataset();
  // A model that is right on every pixel, and calls the ignored strip class 1.
  const prediction = Uint8Array.from(ring, (label) => (label === 255 ? 1 : label));
  const scores = await Promise.all(
    [false, true].map(async (useOtxAdapter) => {
      const loader = createEvalLoader(await openDataset(root, { useOtxAdapter, workers: 0 }), {
        inputSize: squareOf(SIDE),
        workers: 0,
      });
      const matrix = new ConfusionMatrix(3);
      for await (const { mask } of loader) matrix.add(mask, prediction);
      return matrix.summary().perClass[1]!;
    }),
  );
  expect(scores[0]).toMatchObject({ dice: 1, iou: 1, pixels: RING });
  const dice = (2 * RING) / (RING + HOLE + RING + IGNORED);
  expect(scores[1]).toMatchObject({ dice, iou: RING / (RING + HOLE + IGNORED), pixels: RING + HOLE });
});

function inHole(i: number): boolean {
  const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
  return x >= 12 && x < 20 && y >= 12 && y < 20;
}
