/** @file The page of `otx web` on a screen of a phone: pictures, masks, a training in the tab, and files that Node goes on with. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync, zipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset, readLabels } from '../../src/data/index.js';
import { evaluate, predict } from '../../src/index.js';
import { checkAccessible } from './accessible.js';
import { CHROMIUM, launchChromium, SOFTWARE_WEBGPU, serve } from './chromium.js';
import { type Outcome, otx } from './otx.js';

const unlessMissing = CHROMIUM ? '' : ' (skipped: there is no browser on this machine)';
const SHOTS = process.env.OTX_SCREENSHOTS
  ? fileURLToPath(new URL('../../docs/images', import.meta.url))
  : undefined;
const PHONE = { width: 390, height: 844 };

let folder: string;
let browser: Browser;
let page: Page;
let address: string;
let ended: Promise<Outcome>;
let end: (signal: NodeJS.Signals) => void;
/** All that a training has left. */
let zip: Uint8Array;
/** Of the page, after it was loaded. */
const requests: { readonly method: string; readonly url: string }[] = [];
const errors: string[] = [];

beforeAll(async () => {
  if (!CHROMIUM) return;
  folder = await mkdtemp(join(tmpdir(), 'otx-web-page-'));
  address = await new Promise<string>((resolve, reject) => {
    ended = otx(['web', '--no-open'], {
      onStart: (send) => {
        end = send;
      },
      onOutput: (text) => {
        const [, found] = /^page at (\S+);/m.exec(text) ?? [];
        if (found !== undefined) resolve(found);
      },
    });
    void ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  browser = await launchChromium(SOFTWARE_WEBGPU);
  const context = await browser.newContext({ viewport: PHONE, hasTouch: true, acceptDownloads: true });
  page = await context.newPage();
  page.on('request', (request) => requests.push({ method: request.method(), url: request.url() }));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(address);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  end?.('SIGTERM');
  await ended;
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function shoot(name: string): Promise<void> {
  if (SHOTS === undefined) return;
  // Small, as they are part of the package.
  const picture = sharp(await page.screenshot()).png({ palette: true, dither: 0, compressionLevel: 9 });
  await picture.toFile(join(SHOTS, `web-${name}.png`));
}

/** What the page gives to be saved. */
async function saved(button: string | RegExp): Promise<Uint8Array> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return new Uint8Array(await readFile((await download.path())!));
}

/** A place of the picture on the screen. */
async function place(x: number, y: number): Promise<[number, number]> {
  await page
    .locator('.stage')
    .evaluate('document.querySelector(".stage").scrollIntoView({ block: "center" })');
  const canvas = page.locator('.stage canvas').first();
  const box = (await canvas.boundingBox())!;
  const [width, height] = (await canvas.evaluate(
    '[document.querySelector(".stage canvas").width, document.querySelector(".stage canvas").height]',
  )) as [number, number];
  return [box.x + (x / width) * box.width, box.y + (y / height) * box.height];
}

const part = (name: string) => page.getByRole('link', { name, exact: true }).first().click();

describe.skipIf(!CHROMIUM)(`the page of otx web${unlessMissing}`, () => {
  test('draws pictures, and takes photographs beside them', async () => {
    await checkAccessible(page);
    await page.getByLabel('Generated pictures').selectOption('cells');
    await page.getByRole('button', { name: 'Try with generated pictures' }).click();
    await page.getByText('32 pictures, 32 with a mask').waitFor();
    await shoot('pictures');
    const photograph = await sharp({
      create: { width: 1500, height: 1000, channels: 3, background: { r: 90, g: 120, b: 160 } },
    })
      .jpeg()
      .toBuffer();
    await page
      .getByLabel('Photographs or a zip file')
      .setInputFiles([{ name: 'a photo.jpg', mimeType: 'image/jpeg', buffer: photograph }]);
    await page.getByText('33 pictures, 32 with a mask').waitFor();
    await page.getByText('1 photographs were made smaller').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await checkAccessible(page);
  });

  test('masks are painted, taken back, and painted again, by touch and by keys', async () => {
    await page.getByRole('button', { name: 'no mask' }).click();
    await page.locator('.stage canvas').first().waitFor();
    await page.getByLabel('Name of a new class').fill('scratch');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: /scratch$/ }).waitFor();
    await page.getByLabel(/Size of the brush/).fill('40');
    await page.mouse.move(...(await place(200, 300)));
    await page.mouse.down();
    await page.mouse.move(...(await place(600, 300)), { steps: 8 });
    await page.mouse.up();
    await page.getByText('check with it, do not learn from it').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.keyboard.press('Control+y');
    await page.getByRole('button', { name: 'Eraser' }).click();
    await page.mouse.click(...(await place(600, 300)));
    await shoot('paint');
    await checkAccessible(page);
    await page.getByLabel(/check with it/).uncheck();
    await part('Pictures');
    await page.getByText('33 pictures, 33 with a mask').waitFor();
  });

  test('a training shows its curves and predictions, waits and ends', async () => {
    await part('Train');
    await page.getByText(/25 pictures to learn from, 8 to check with/).waitFor();
    await page.getByLabel('Size of the input').selectOption('64');
    await page.getByLabel('Steps').fill('24');
    await page.getByLabel('Pictures in a step').fill('2');
    await page.getByText(/2 epochs, 24 steps: about .* GB of memory/).waitFor();
    const hasAdapter = await page.evaluate('navigator.gpu?.requestAdapter().then(Boolean) ?? false');
    const choice = page.getByLabel('Computed by');
    expect(await choice.count()).toBe(hasAdapter ? 1 : 0);
    if (hasAdapter) {
      await choice.selectOption('webgpu');
      await page.getByText('how long the graphics card takes shows with the first of them').waitFor();
      await choice.selectOption('auto');
    }
    await checkAccessible(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
    await page.getByRole('button', { name: 'Start the training' }).click();
    await page.getByText(/step \d+ of 24, \d+ ms each/).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = await page.getByText(/paused at step \d+/).innerText();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('done after 24 steps').waitFor({ timeout: 60_000 });
    // What stands in for a card is none.
    if (hasAdapter)
      await page.getByText(/the processor computes: .* webgpu cannot be used: .* no graphics card/).waitFor();
    expect(paused).toMatch(/step ([1-9]|1\d|2[0-3])$/);
    await page.getByRole('img', { name: /^Loss: loss \d/ }).waitFor();
    await page.getByRole('img', { name: /^Mean Dice .* \d/ }).waitFor();
    expect(await page.getByRole('img', { name: /^Prediction for cells-val/ }).count()).toBe(8);
    await checkAccessible(page);
    await page.getByRole('button', { name: 'Start the training' }).scrollIntoViewIfNeeded();
    await shoot('train');
  });

  test('Node scores, predicts and goes on with what was saved, and reads the masks as they were painted', async () => {
    await part('Files');
    const [, told] = /mean Dice (\d\.\d+)/.exec(await page.getByText(/Best weights/).innerText())!;
    await checkAccessible(page);
    zip = await saved(/otx-web\.zip/);
    const files = unzipSync(zip);
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), bytes);
    }
    const run = join(folder, 'run');
    const scored = await otx(
      ['eval', '--load-weights', run, '--test-data-roots', join(folder, 'data', 'val')],
      {
        cwd: folder,
      },
    );
    expect(scored.stderr).toBe('');
    expect(scored.stdout).toContain(Number(told).toFixed(3).slice(0, 4));
    const model = join(folder, 'saved.onnx');
    await writeFile(model, await saved('model.onnx'));
    const { metrics } = await evaluate({ weights: model, testData: join(folder, 'data', 'val') });
    expect(metrics.mDice).toBeCloseTo(Number(told), 2);

    const dataset = await openDataset(join(folder, 'data', 'train'));
    expect(dataset.samples).toHaveLength(25);
    expect(dataset.classes.at(-1)!.name).toBe('scratch');
    const sample = dataset.samples.find(({ id }) => id === 'a photo')!;
    const { data, width } = await readLabels(sample, dataset.decodeMask);
    const scratch = dataset.classes.length - 1;
    const at = (x: number, y: number) => data[y * width + x];
    expect(width).toBe(1024);
    expect([at(200, 300), at(400, 300), at(400, 335), at(400, 350), at(600, 300)]).toEqual([
      ...[scratch, scratch, scratch, 0, 0],
    ]);

    const going = ['train', '--resume-from', run, '--train-data-roots', join(folder, 'data', 'train')];
    const more = [
      '--val-data-roots',
      join(folder, 'data', 'val'),
      'params',
      '--learning_parameters.num_iters',
      '3',
    ];
    const trained = await otx([...going, ...more], { cwd: folder });
    expect(trained.stdout).toMatch(/epoch 3\/3 {2}loss \d/);
    const output = join(folder, 'predictions');
    await predict({ weights: run, input: sample.imagePath, output });
  });

  test('nothing has left the tab: all that was asked for are files of the page', async () => {
    expect(requests.length).toBeGreaterThan(4);
    const others = requests.filter(
      ({ method, url }) =>
        method !== 'GET' || !(url.startsWith(address) || url.startsWith('blob:') || url === 'data:,'),
    );
    expect(others).toEqual([]);
    const escaped = await page.evaluate(
      `fetch('http://127.0.0.1:9/', { method: 'POST', body: 'x' }).then(() => 'sent', (error) => error.name)`,
    );
    expect(escaped).toBe('TypeError');
    expect(errors.filter((text) => !text.includes('127.0.0.1:9'))).toEqual([]);
  });

  test('a data set comes as a zip file, and hostile files are refused in a sentence', async () => {
    page.on('dialog', (dialog) => dialog.accept());
    await part('Pictures');
    const png = (value: number, channels: 1 | 3) =>
      sharp(Buffer.alloc(32 * 24 * channels, value), { raw: { width: 32, height: 24, channels } })
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .png()
        .toBuffer();
    const meta = Buffer.from(JSON.stringify({ label_map: { 0: 'background', 7: 'lake' } }));
    const entries = {
      'set/train/dataset_meta.json': meta,
      'set/train/images/a.png': await png(120, 3),
      'set/train/masks/a.png': await png(7, 1),
      'set/val/dataset_meta.json': meta,
      'set/val/images/a.png': await png(60, 3),
      'set/val/masks/a.png': await png(0, 1),
    };
    const bring = (name: string, buffer: Buffer) =>
      page
        .getByLabel('Photographs or a zip file')
        .setInputFiles([{ name, mimeType: 'application/zip', buffer }]);
    await bring('set.zip', Buffer.from(zipSync(entries)));
    await page.getByText('2 pictures, 2 with a mask').waitFor();
    await page.getByText('1 to learn from, 1 to check with').waitFor();
    for (const [name, buffer, message] of [
      ['broken.zip', Buffer.from('no zip'), /broken\.zip: cannot be unpacked/],
      ['notes.txt', Buffer.from('words'), /there is no picture among these files/],
      ['broken.jpg', Buffer.from('words'), /broken\.jpg: this browser cannot decode it/],
      ['broken.safetensors', Buffer.from('words'), /broken\.safetensors: not a usable safetensors file/],
    ] as const) {
      await bring(name, buffer);
      await page.getByRole('alert').getByText(message).waitFor();
    }
    await page.getByText('2 pictures, 2 with a mask').waitFor();
  });

  test('the written folder has the whole page, and refuses to replace what is not its own', async () => {
    const output = join(folder, 'site');
    const written = await otx(['web', '-o', output]);
    expect(written.stdout).toMatch(/written .*site: \d+ files/);
    const index = await readFile(join(output, 'index.html'), 'utf8');
    for (const [, name] of index.matchAll(/(?:src|href)="(\w[\w.]*)"/g)) await readFile(join(output, name!));
    expect(await readFile(join(output, '_headers'), 'utf8')).toContain(
      'Cross-Origin-Opener-Policy: same-origin',
    );
    const server = await serve({ site: output }, {});
    const plain = await browser.newPage();
    await plain.goto(`${server.address}/site/index.html`);
    // Pictures, masks and the training that goes on come from another tab.
    await plain
      .getByLabel('Photographs or a zip file')
      .setInputFiles([{ name: 'otx-web.zip', mimeType: 'application/zip', buffer: Buffer.from(zip) }]);
    await plain.getByText('33 pictures, 33 with a mask').waitFor();
    await plain.getByText('There is a training to go on with').waitFor();
    await plain.getByRole('link', { name: 'Train', exact: true }).click();
    await plain.getByText(/2 of 2 epochs done, input of 64 x 64 pixels, 2 pictures in a step/).waitFor();
    await plain.getByLabel('More steps').fill('12');
    await plain.getByText(/about .* on one core/).waitFor();
    await checkAccessible(plain);
    await plain.getByRole('button', { name: 'Go on with the training' }).click();
    await plain.getByText('done after 36 steps').waitFor({ timeout: 90_000 });
    await plain.close();
    server.close();
    await mkdir(join(folder, 'theirs'));
    await writeFile(join(folder, 'theirs', 'index.html'), 'mine');
    const refused = await otx(['web', '-o', join(folder, 'theirs')]);
    expect(refused.code).not.toBe(0);
    expect(await readFile(join(folder, 'theirs', 'index.html'), 'utf8')).toBe('mine');
    expect((await otx(['web', '-o', output, '--port', '80'])).stderr).toContain(
      '--output and --port are both given',
    );
  });
});
