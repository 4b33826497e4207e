import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { latestTraining, weightsOrLatest } from './latest-training.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-latest-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function addRun(name: string, seconds: number, file = 'weights.safetensors'): Promise<void> {
  const models = join(folder, name, 'models');
  await mkdir(models, { recursive: true });
  await writeFile(join(models, file), '');
  await utimes(join(models, file), seconds, seconds);
}

test('the weights that were written last are taken, and named', async () => {
  for (const missing of [folder, join(folder, 'nowhere')]) {
    await expect(latestTraining(missing)).rejects.toThrow(/missing weights: there is no training in/);
  }
  await addRun('20260101_000000_train', 2000);
  // Resumed later than the other was begun.
  await addRun('20250101_000000_train', 3000);
  await addRun('20270101_000000_train', 4000, 'last.safetensors');
  await mkdir(join(folder, '20280101_000000_eval'));
  const printed: string[] = [];
  const terminal = { print: (text: string) => void printed.push(text) };
  expect(await weightsOrLatest(undefined, folder, terminal)).toBe(join(folder, '20250101_000000_train'));
  expect(printed).toEqual([expect.stringContaining('20250101_000000_train')]);
  expect(await weightsOrLatest('mine', folder, terminal)).toBe('mine');
  expect(printed).toHaveLength(1);
});

test('of a study it is the training that its results name', async () => {
  await addRun('20260601_000000_train/runs/seed-0', 5000);
  await addRun('20260601_000000_train/runs/seed-1', 6000);
  expect(await latestTraining(folder)).toBe(join(folder, '20250101_000000_train'));
  const study = join(folder, '20260601_000000_train');
  await writeFile(join(study, 'results.json'), JSON.stringify({ best: 'seed-0' }));
  expect(await latestTraining(folder)).toBe(join(study, 'runs', 'seed-0'));
  await writeFile(join(study, 'results.json'), JSON.stringify({ best: '../../elsewhere' }));
  expect(await latestTraining(folder)).toBe(join(folder, '20250101_000000_train'));
});
