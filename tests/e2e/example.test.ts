import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-example-'));
  await generateScenes(join(folder, 'data'), { train: 8, val: 2, width: 96, height: 80 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the example trains, exports and predicts', async () => {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line));
  const { argv } = process;
  process.argv = [...argv.slice(0, 2), join(folder, 'data'), join(folder, 'run'), '1'];
  try {
    await import('../../examples/train-and-predict.js');
  } finally {
    process.argv = argv;
    log.mockRestore();
  }
  expect(lines[0]).toMatch(/^epoch 1: loss \d\.\d{3}, mean Dice 0\.\d{3}$/);
  expect(lines.at(-1)).toBe(`2 overlays in ${join(folder, 'run', 'overlays')}`);
  expect(await readdir(join(folder, 'run', 'overlays'))).toHaveLength(2);
});
