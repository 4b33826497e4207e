/**
 * @file A deployed folder, moved to where nothing else of this project is: its programs for Node and for browsers give the masks of
 * `otx predict`. That for Python has a file of its own.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { crc32, inflateRawSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { readIndexMask } from '../../src/drawing/index-mask.js';
import { findWebRuntime } from '../../src/export/deploy/web-runtime.js';
import { enliven } from '../../src/export/formats/lively.cases.js';
import { input, relu } from '../../src/graph/index.js';
import { serializeModel } from '../../src/graph/onnx/serialize-model.js';
import { deployModel, exportModel, predict } from '../../src/index.js';
import { CHROMIUM, launchChromium, serve } from './chromium.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

let folder: string;
let images: string;
let weights: string;
/** The deployed folder, in another place than where it was made. */
let moved: string;
let files: readonly string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-deploy-folder-'));
  const data = join(folder, 'data');
  await generateScenes(data, { train: 1, val: 1, width: 150, height: 100 });
  const { classes } = await openDataset(join(data, 'val'));
  weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: '64x64', confidenceThreshold: 0.3, tile: '120x90' };
  await writeFile(
    weights,
    untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes, seed: 1, settings }),
  );
  const [photo] = (await readdir(join(data, 'val', 'images'))).map((name) =>
    join(data, 'val', 'images', name),
  );
  await enliven(weights, photo!);
  images = join(folder, 'images');
  await mkdir(images);
  // One that is looked at in windows, one as a whole, and one that its EXIF data turns.
  await sharp(photo).png().toFile(join(images, 'large.png'));
  await sharp(photo).resize(90, 70).png().toFile(join(images, 'small.png'));
  await sharp(photo)
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 95 })
    .toFile(join(images, 'turned.jpg'));
  await predict({ weights, input: images, output: join(folder, 'predicted') });
  const made = join(folder, 'made');
  ({ files } = await deployModel({ weights, output: made }));
  moved = join(folder, 'else', 'where it is');
  await mkdir(join(folder, 'else'));
  await rename(made, moved);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const predicted = (name: string) => readIndexMask(join(folder, 'predicted', 'masks', `${name}.png`));

test('has what its README speaks of, and no path of this machine', async () => {
  const found = (await readdir(moved, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  expect(found).toHaveLength(files.length + 1);
  const readme = await readFile(join(moved, 'README.md'), 'utf8');
  for (const name of [
    'node/segmenter.mjs',
    'browser/index.html',
    'requirements.txt',
    'config.json',
    'LICENSES.txt',
  ]) {
    expect(readme).toContain(name);
  }
  for (const { parentPath, name } of found) {
    const text = (await readFile(join(parentPath, name))).toString('latin1');
    expect(text.includes(ROOT) || text.includes(folder), name).toBe(false);
  }
  const config = JSON.parse(await readFile(join(moved, 'config.json'), 'utf8'));
  expect(config).toMatchObject({
    model: 'model/model.onnx',
    threshold: 0.3,
    input: { width: 68, height: 68 },
  });
  const ofReference = JSON.parse(await readFile(join(moved, 'model', 'config.json'), 'utf8'));
  expect(ofReference).toMatchObject({
    type_of_model: 'Segmentation',
    model_parameters: { soft_threshold: 0.3 },
  });
  expect(Object.keys(ofReference.model_parameters.labels.all_labels)).toHaveLength(config.classes.length - 1);
  expect(await readFile(join(moved, 'LICENSES.txt'), 'utf8')).toMatch(/onnxruntime-web .*zod/s);
});

test('in Node, with the packages that it names, the masks are those of otx predict', async () => {
  const { dependencies } = JSON.parse(await readFile(join(moved, 'node', 'package.json'), 'utf8'));
  expect(Object.keys(dependencies)).toEqual(['onnxruntime-node', 'sharp']);
  await mkdir(join(moved, 'node', 'node_modules'));
  for (const [name, version] of Object.entries(dependencies)) {
    const installed = join(ROOT, 'node_modules', name);
    expect(JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')).version).toBe(version);
    await symlink(installed, join(moved, 'node', 'node_modules', name));
  }
  const output = join(folder, 'by-node');
  const pictures = (await readdir(images)).map((name) => join(images, name));
  const demo = [join(moved, 'node', 'demo.mjs'), ...pictures, '--output', output];
  const { stdout } = await run(process.execPath, demo, { cwd: folder });
  expect(stdout.split('\n')).toHaveLength(pictures.length + 1);
  const seen = new Set<number>();
  for (const name of ['large', 'small', 'turned']) {
    const [own, wanted] = [await readIndexMask(join(output, 'masks', `${name}.png`)), await predicted(name)];
    expect(Buffer.compare(own, wanted), name).toBe(0);
    for (const label of wanted) seen.add(label);
    await expect(sharp(join(output, 'overlays', `${name}.png`)).metadata()).resolves.toMatchObject({
      channels: 3,
    });
  }
  expect(seen.size).toBeGreaterThan(2);
  const missing = run(process.execPath, [...demo.slice(0, 1), join(folder, 'nothing.png')]);
  await expect(missing).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: .*nothing\.png/),
  });
});

/** Where a browser starts while other work goes on, one attempt in a few takes too long. */
const PATIENCE = { retry: 2, timeout: 180_000 };

describe.skipIf(!CHROMIUM)(
  `in Chromium${CHROMIUM ? '' : ' (skipped: there is none on this machine)'}`,
  () => {
    let browser: Browser;
    let server: Awaited<ReturnType<typeof serve>>;
    beforeAll(async () => {
      const runtime = findWebRuntime();
      server = await serve({
        page: join(moved, 'browser'),
        runtime,
        dist: join(ROOT, 'dist'),
        model: join(moved, 'model'),
        images,
      });
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser.close();
      server.close();
    });

    /** What the page says, once it says so. */
    const waitFor = (page: Page, what: RegExp) => page.getByText(what).first().waitFor({ timeout: 60_000 });

    test.each([
      ['a file', () => pathToFileURL(join(moved, 'browser', 'index.html')).href, false],
      ['a page of a server that lets threads share memory', () => `${server.address}/page/index.html`, true],
    ])('opened as %s, it gives the classes of otx predict', PATIENCE, async (_, addressOf, hasThreads) => {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      await page.goto(addressOf());
      await waitFor(page, /^Ready/);
      const threads: number = await page.evaluate('ort.env.wasm.numThreads');
      const cores: number = await page.evaluate('navigator.hardwareConcurrency');
      expect(threads).toBeGreaterThanOrEqual(hasThreads ? Math.min(2, cores) : 1);
      for (const name of ['large.png', 'small.png', 'turned.jpg']) {
        const { width, height } = (await sharp(join(images, name)).metadata()).autoOrient;
        await page.setInputFiles('#file', join(images, name));
        await waitFor(page, new RegExp(`^${width}x${height} pixels; network`));
        const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
        const own = await sharp(await download.path())
          .extractChannel(0)
          .raw()
          .toBuffer();
        const wanted = await predicted(name.split('.')[0]!);
        expect(own.length).toBe(wanted.length);
        expect(differences(own, wanted) / wanted.length, name).toBeLessThan(
          name.endsWith('.png') ? 1e-4 : 5e-3,
        );
      }
      expect(await page.locator('#legend li').count()).toBeGreaterThan(2);
      await page.setInputFiles('#file', {
        name: 'no.png',
        mimeType: 'image/png',
        buffer: Buffer.from('no picture'),
      });
      await waitFor(page, /^no\.png: this browser cannot decode it/);
      expect(problems).toEqual([]);
      await page.close();
    });

    test('otx/web loads its runtime by itself', PATIENCE, async () => {
      const page = await browser.newPage();
      const runtime = { 'onnxruntime-web/wasm': '/runtime/ort.wasm.bundle.min.mjs' };
      await page.route('**/page/own.html', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<script type="importmap">${JSON.stringify({ imports: { ...runtime, 'otx/web': '/dist/web-api.js' } })}</script>`,
        }),
      );
      await page.goto(`${server.address}/page/own.html`);
      const found = (await page.evaluate(`(async () => {
      const { createSegmenter } = await import('otx/web');
      const segmenter = await createSegmenter('/model/model.onnx', { runtimeFiles: '/runtime/' });
      const picture = await (await fetch('/images/large.png')).blob();
      const { labels, windows, width, height } = await segmenter.segment(picture);
      const foreign = await createSegmenter('/images/large.png').catch((error) => error.message);
      const missing = await createSegmenter('/model/none.onnx').catch((error) => error.message);
      await segmenter.dispose();
      return { labels: [...labels], windows, width, height, device: segmenter.device, foreign, missing };
    })()`)) as Record<string, unknown> & { labels: number[] };
      const { labels, ...rest } = found;
      expect(rest).toEqual({
        ...{ windows: 4, width: 150, height: 100, device: 'wasm' },
        foreign: expect.stringMatching(/^\/images\/large\.png: not a usable model/),
        missing: '/model/none.onnx: the model cannot be fetched (the server answers 404)',
      });
      const wanted = await predicted('large');
      expect(differences(Uint8Array.from(labels), wanted) / wanted.length).toBeLessThan(1e-4);
      await page.close();
    });
  },
);

function differences(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((count, value, i) => count + (value === b[i] ? 0 : 1), 0);
}

/** Name and content of each entry, by the directory at the end of the file. */
function entriesOf(zip: Buffer): Map<string, Buffer> {
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  const entries = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let i = 0; i < zip.readUInt16LE(end + 10); i++) {
    const [stored, nameLength] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = inflateRawSync(zip.subarray(start, start + stored));
    expect(crc32(bytes)).toBe(zip.readUInt32LE(at + 16));
    expect(bytes.length).toBe(zip.readUInt32LE(at + 24));
    entries.set(zip.subarray(at + 46, at + 46 + nameLength).toString(), bytes);
    at += 46 + nameLength;
  }
  return entries;
}

test('the zip file holds the same, and is the same each time', async () => {
  const zips = await Promise.all(
    ['first', 'second'].map(async (name) => {
      const { output } = await deployModel({ weights, output: join(folder, name), zip: true });
      return readFile(output);
    }),
  );
  expect(zips[0]!.equals(zips[1]!)).toBe(true);
  const entries = entriesOf(zips[0]!);
  expect([...entries.keys()]).toEqual(files);
  for (const [name, bytes] of entries)
    expect((await readFile(join(moved, name))).equals(bytes), name).toBe(true);
  // And it is read like any exported file.
  const zip = join(folder, 'first', 'deploy.zip');
  await predict({ weights: zip, input: join(images, 'small.png'), output: join(folder, 'by-zip') });
  const own = await readIndexMask(join(folder, 'by-zip', 'masks', 'small.png'));
  expect(differences(own, await predicted('small'))).toBe(0);
});

describe('an exported file', () => {
  let exported: string;
  beforeAll(async () => {
    ({ model: exported } = await exportModel({ weights, output: join(folder, 'export'), batch: 'static' }));
  });
  const deploy = (given: object) =>
    deployModel({ weights: exported, output: join(folder, 'of-export'), parts: 'python', ...given });

  test('is taken as it is, and named parts alone lie beside it', async () => {
    const { output, files: written } = await deploy({});
    expect((await readFile(join(output, 'model', 'model.onnx'))).equals(await readFile(exported))).toBe(true);
    expect(written.filter((file) => file.includes('/')).sort()).toEqual([
      ...['model/config.json', 'model/model.onnx', 'python/demo.py', 'python/requirements.txt'],
    ]);
    expect(await readFile(join(output, 'README.md'), 'utf8')).not.toMatch(/node\/|browser\//);
  });

  test('has settings of its own', async () => {
    await expect(deploy({ confidenceThreshold: 0.9 })).rejects.toThrow(
      'was exported with settings of its own; leave confidenceThreshold out',
    );
  });

  test('for OpenVINO has the layout of the reference, with the ONNX model beside it', async () => {
    const ir = await exportModel({ weights, output: join(folder, 'ir'), type: 'openvino' });
    const pair = [ir.model, ir.model.replace('.xml', '.bin')];
    const given = { weights: pair[1], parts: 'openvino,python', zip: true, output: join(folder, 'of-ir') };
    const { output } = await deploy(given);
    expect(output).toBe(join(folder, 'of-ir', 'openvino.zip'));
    const entries = entriesOf(await readFile(output));
    expect(entries.get('model/model.xml')!.equals(await readFile(pair[0]!))).toBe(true);
    expect(entries.get('model/model.bin')!.equals(await readFile(pair[1]!))).toBe(true);
    // The same as of the checkpoint, and what is not asked for is not there.
    const ofRun = await deployModel({ weights, output: join(folder, 'run'), parts: 'openvino' });
    for (const name of ['xml', 'bin']) {
      const own = await readFile(join(ofRun.output, 'model', `model.${name}`));
      expect(entries.get(`model/model.${name}`)!.equals(own)).toBe(true);
    }
    expect(ofRun.files).not.toContain('python/demo.py');
    const onnx = join(folder, 'of-ir.onnx');
    await writeFile(onnx, entries.get('model/model.onnx')!);
    await predict({ weights: onnx, input: join(images, 'small.png'), output: join(folder, 'by-ir') });
    const own = await readIndexMask(join(folder, 'by-ir', 'masks', 'small.png'));
    expect(differences(own, await predicted('small')) / own.length).toBeLessThan(1e-4);
    await expect(deploy({ parts: 'openvino' })).rejects.toThrow('is not for OpenVINO; deploy the run');
  });

  test('of another program is refused, and nothing is written', async () => {
    const x = input('input', 'float32', [1, 3, 8, 8]);
    const foreign = join(folder, 'foreign.onnx');
    await writeFile(foreign, serializeModel({ inputs: [x], outputs: { output: relu(x) } }));
    const output = join(folder, 'of-foreign');
    await expect(deploy({ weights: foreign, output })).rejects.toThrow('does not name its classes');
    await expect(readdir(output)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is not written over', async () => {
    const place = join(folder, 'same');
    await mkdir(join(place, 'model'), { recursive: true });
    await cp(exported, join(place, 'model', 'model.onnx'));
    const inPlace = { weights: join(place, 'model', 'model.onnx'), output: place };
    await expect(deploy(inPlace)).rejects.toMatchObject({ code: 'output' });
  });
});

test('parts that there are not, and a runtime that is not installed, are told', async () => {
  for (const parts of ['nodes', 'node,node', '']) {
    await expect(deployModel({ weights, output: join(folder, 'x'), parts })).rejects.toMatchObject({
      code: 'usage',
    });
  }
  const missing = () => {
    throw new Error('Cannot find module');
  };
  const { version } = JSON.parse(
    await readFile(join(ROOT, 'node_modules/onnxruntime-web/package.json'), 'utf8'),
  );
  expect(() => findWebRuntime('; or leave the page out, by --parts node,python', missing)).toThrow(
    `needs onnxruntime-web, which is not installed: npm install onnxruntime-web@${version}; or leave the page out, by --parts node,python`,
  );
});
