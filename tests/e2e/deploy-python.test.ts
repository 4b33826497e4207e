/**
 * @file The program for Python of a deployed folder gives the masks of `otx predict`: where Python has `numpy` and `Pillow`, on
 * `onnxruntime` if that is there too, else on what stands in for it.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { readIndexMask } from '../../src/drawing/index-mask.js';
import { enliven } from '../../src/export/formats/lively.cases.js';
import { deployModel, predict } from '../../src/index.js';

const run = promisify(execFile);
const STAND_IN = fileURLToPath(new URL('./stand-in', import.meta.url));

function has(...modules: string[]): boolean {
  try {
    execFileSync('python3', ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const canRun = has('numpy', 'PIL');
const env = { ...process.env, ...(has('onnxruntime') ? {} : { PYTHONPATH: STAND_IN }) };

describe.skipIf(!canRun)(
  `in Python${canRun ? '' : ' (skipped: there is none with numpy and Pillow)'}`,
  () => {
    let folder: string;
    let weights: string;
    let images: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'otx-deploy-python-'));
      const data = join(folder, 'data');
      await generateScenes(data, { train: 1, val: 1, width: 150, height: 100 });
      const { classes } = await openDataset(join(data, 'val'));
      weights = join(folder, 'weights.safetensors');
      const settings = { inputSize: '64x64', confidenceThreshold: 0.3, tile: '120x90' };
      await writeFile(
        weights,
        untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes, seed: 1, settings }),
      );
      const [name] = await readdir(join(data, 'val', 'images'));
      const photo = join(data, 'val', 'images', name!);
      await enliven(weights, photo);
      images = join(folder, 'images');
      await mkdir(images);
      await sharp(photo).png().toFile(join(images, 'large.png'));
      await sharp(photo).resize(90, 70).png().toFile(join(images, 'small.png'));
      await sharp(photo)
        .resize(70, 90)
        .withMetadata({ orientation: 8 })
        .png()
        .toFile(join(images, 'turned.png'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test('the masks are those of otx predict, of pictures as a whole and in windows', async () => {
      const predicted = join(folder, 'predicted');
      await predict({ weights, input: images, output: predicted });
      const { output } = await deployModel({ weights, output: join(folder, 'out'), parts: 'python' });
      const pictures = (await readdir(images)).map((name) => join(images, name));
      const found = join(folder, 'found');
      const words = [join(output, 'python', 'demo.py'), ...pictures, '--output', found];
      const { stdout } = await run('python3', words, { env });
      expect(stdout.trim().split('\n')).toHaveLength(3);
      const seen = new Set<number>();
      for (const name of ['large.png', 'small.png', 'turned.png']) {
        const [wanted, own] = await Promise.all(
          [predicted, found].map((place) => readIndexMask(join(place, 'masks', name))),
        );
        expect(own!.length).toBe(wanted!.length);
        const different = own!.reduce((count, label, i) => count + (label === wanted![i] ? 0 : 1), 0);
        expect(different / own!.length, name).toBeLessThan(1e-4);
        for (const label of wanted!) seen.add(label);
      }
      expect(seen.size).toBeGreaterThan(2);
      const bad = run('python3', [words[0]!, join(folder, 'weights.safetensors'), '-o', found], { env });
      await expect(bad).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^error: .*weights\.safet/),
      });
    });
  },
);
