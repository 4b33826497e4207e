import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type QuickstartOptions, quickstart } from '../../src/cli/quickstart/quickstart.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-quickstart-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SMALL = {
  inputSize: '64x64',
  batchSize: 4,
  warmupSteps: 10,
  augmentation: 'plain',
} as const;

const printed: string[] = [];
const bar = { update: () => undefined, stop: () => undefined };

/** The real thing in seconds: few small scenes, and just enough steps for predictions of several classes. */
const tiny = (): QuickstartOptions => ({
  folder,
  terminal: { live: false, columns: 80, print: (text) => printed.push(text), bar: () => bar },
  scenes: { train: 16, val: 3, width: 96, height: 80 },
  settings: { ...SMALL, epochs: 8, learningRate: 0.003, learningRateSchedule: 'poly' },
});

test('generates, trains, exports, compares and draws', async () => {
  const { run, dice, agreement, figure, overlays } = await quickstart(tiny());
  expect(run).toBe(join(folder, 'run'));
  expect(dice.untrained).toBeLessThan(0.15);
  expect(dice.trained).toBeGreaterThan(dice.untrained + 0.1);
  expect(Math.abs(dice.exported - dice.trained)).toBeLessThan(1e-4);
  expect(agreement).toBeGreaterThanOrEqual(0.9999);
  expect(await readdir(overlays)).toEqual(['scene-0001.png', 'scene-0002.png', 'scene-0003.png']);
  const { format, width, height } = await sharp(figure).metadata();
  expect(format).toBe('png');
  expect(width).toBe(3 * 240 + 4 * 8);
  expect(height).toBeGreaterThan(3 * 200);

  const text = printed.join('\n');
  expect(text).toContain(`same class on ${(100 * agreement).toFixed(3)} % of the pixels of 3 images`);
  expect(text).toMatch(/npx otx train Lite-HRNet-s-mod2 --train-data-roots DATA\/train/);
});

test('a second time it leaves the data as they are and makes another run', async () => {
  const scene = join(folder, 'data', 'train', 'images', 'scene-0001.jpg');
  const before = await stat(scene);
  const { run } = await quickstart({
    ...tiny(),
    settings: { ...SMALL, epochs: 1 },
  });
  expect(run).toBe(join(folder, 'run-2'));
  expect((await stat(scene)).mtimeMs).toBe(before.mtimeMs);
});

test('stops on request and says so', async () => {
  const stop = new AbortController();
  stop.abort();
  await expect(
    quickstart({ ...tiny(), folder: join(folder, 'stopped'), signal: stop.signal }),
  ).rejects.toMatchObject({
    code: 'aborted',
  });
});
