/** @file A model in 8-bit integers in a deployed folder: the page in Chromium computes with it what `otx predict` does. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { readIndexMask } from '../../src/drawing/index-mask.js';
import { enliven } from '../../src/export/formats/lively.cases.js';
import { ModelProtoSchema } from '../../src/graph/onnx/onnx_pb.js';
import { deployModel, optimizeModel, predict } from '../../src/index.js';
import { CHROMIUM, launchChromium } from './chromium.js';

/**
 * Share of the pixels whose class may be another one. WebAssembly computes the activations of SegNeXt with other last bits, which
 * decides where a value goes that lies between two steps; a network that has learned nothing has classes close to one another everywhere.
 */
const DIFFERENT: Readonly<Record<string, number>> = { 'Lite-HRNet-s-mod2': 1e-3, 'SegNext-t': 0.06 };

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-deploy-int8-'));
  data = join(folder, 'data');
  await generateScenes(data, { train: 4, val: 2, width: 128, height: 96 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Where a browser starts while other work goes on, one attempt in a few takes too long. */
const PATIENCE = { retry: 2, timeout: 240_000 };

describe.skipIf(!CHROMIUM)(
  `in Chromium${CHROMIUM ? '' : ' (skipped: there is none on this machine)'}`,
  () => {
    test.each(Object.keys(DIFFERENT))('%s gives the classes of otx predict', PATIENCE, async (template) => {
      const { images, deployed, predicted } = await deployedInt8(template);
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        const problems: string[] = [];
        page.on('pageerror', (error) => problems.push(error.message));
        await page.goto(pathToFileURL(join(deployed, 'browser', 'index.html')).href);
        const waitFor = (what: RegExp) => page.getByText(what).first().waitFor({ timeout: 60_000 });
        await waitFor(/^Ready/);
        const seen = new Set<number>();
        for (const name of await readdir(images)) {
          await page.setInputFiles('#file', join(images, name));
          await waitFor(/^128x96 pixels; network/);
          const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
          const own = await sharp(await download.path())
            .extractChannel(0)
            .raw()
            .toBuffer();
          const wanted = await readIndexMask(join(predicted, 'masks', name));
          expect(own.length).toBe(wanted.length);
          const different = own.reduce((sum, label, i) => sum + (label === wanted[i] ? 0 : 1), 0);
          expect(different / own.length, name).toBeLessThan(DIFFERENT[template]!);
          for (const label of wanted) seen.add(label);
        }
        expect(seen.size).toBeGreaterThan(1);
        expect(problems).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  },
);

/** A page with a model whose convolutions are in 8 bits, and what `otx predict` makes of the same file. */
async function deployedInt8(template: string) {
  const { classes } = await openDataset(join(data, 'val'));
  const weights = join(folder, `${template}.safetensors`);
  await writeFile(
    weights,
    untrainedCheckpoint({ template, classes, seed: 1, settings: { inputSize: '64x64' } }),
  );
  const photos = (await readdir(join(data, 'val', 'images'))).map((name) =>
    join(data, 'val', 'images', name),
  );
  await enliven(weights, photos[0]!);
  // Browsers decode JPEG files in their own way.
  const images = join(folder, template, 'images');
  await mkdir(images, { recursive: true });
  for (const [i, photo] of photos.entries())
    await sharp(photo)
      .png()
      .toFile(join(images, `${i}.png`));
  const { model, layers } = await optimizeModel({
    ...{ weights, trainData: join(data, 'train'), validationData: join(data, 'val'), threads: 1 },
    ...{ output: join(folder, template, 'int8'), maxDrop: 100 },
  });
  expect(layers.filter(({ precision }) => precision === 'int8').length).toBeGreaterThan(50);
  const { graph } = fromBinary(ModelProtoSchema, await readFile(model));
  expect(graph!.node.filter(({ opType }) => opType === 'QuantizeLinear').length).toBeGreaterThan(50);
  const deployed = join(folder, template, 'deployed');
  await deployModel({ weights: model, output: deployed, parts: 'browser' });
  const predicted = join(folder, template, 'predicted');
  await predict({ weights: model, input: images, output: predicted, threads: 1 });
  return { images, deployed, predicted };
}
