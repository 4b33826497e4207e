/** @file The studio in a browser, from a folder of photographs to a model that segments in the page: what is drawn is on the disk, pages are accessible. */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync, zipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset, readLabels } from '../../src/data/index.js';
import { generateScenes } from '../../src/demo/generate.js';
import { createSegmenter } from '../../src/index.js';
import { checkAccessible } from './accessible.js';
import { CHROMIUM, launchChromium } from './chromium.js';
import { checkKeyboard, press, tabTo, type } from './keyboard.js';
import { type RunningStudio, startStudio } from './studio-server.js';

const unlessMissing = CHROMIUM ? '' : ' (skipped: there is no browser on this machine)';
/** Where pictures for the documentation go, where they are asked for. */
const SHOTS = process.env.OTX_SCREENSHOTS
  ? fileURLToPath(new URL('../../docs/images', import.meta.url))
  : undefined;

let folder: string;
let browser: Browser;
let page: Page;
const started: RunningStudio[] = [];

async function open(...words: string[]): Promise<RunningStudio> {
  const studio = await startStudio(words);
  started.push(studio);
  return studio;
}

async function newPage(address: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const opened = await context.newPage();
  const errors: string[] = [];
  const { origin } = new URL(address);
  opened.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).origin !== origin)
      errors.push(`asks ${request.url()}`);
  });
  opened.on('pageerror', (error) => errors.push(String(error)));
  opened.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text()))
      errors.push(message.text());
  });
  Object.assign(opened, { errors });
  await opened.goto(address);
  return opened;
}

async function shoot(opened: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  // Small, as they are part of the package.
  const picture = sharp(await opened.screenshot()).png({ palette: true, dither: 0, compressionLevel: 9 });
  await picture.toFile(join(SHOTS, `studio-${name}.png`));
}

/** The bytes of a picture in one channel. */
async function labelsOfFile(path: string): Promise<{ data: Uint8Array; width: number }> {
  const dataset = await openDataset(join(path, '..', '..'));
  const sample = dataset.samples.find(({ maskPath }) => maskPath === path)!;
  return readLabels(sample, dataset.decodeMask);
}

/**
 * The longest that the thread of a page has worked at a stretch, in milliseconds of its own time: a frame cannot come sooner, and others who use
 * the machine do not count.
 */
function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as {
    traceEvents: { name: string; pid: number; tid: number; tdur?: number; args?: { name?: string } }[];
  };
  const main = new Set(
    traceEvents.flatMap(({ name, pid, tid, args }) =>
      name === 'thread_name' && args?.name === 'CrRendererMain' ? [`${pid}:${tid}`] : [],
    ),
  );
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => name.endsWith('RunTask') && main.has(`${pid}:${tid}`),
  );
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}

/** Scrolls down 5,000 images. @returns milliseconds of all frames, the longest first */
function scroll(opened: Page): Promise<number[]> {
  // In the words of the page, whose types the tests do not have; the first frames belong to its start.
  return opened.evaluate<number[]>(`(async () => {
    const grid = document.querySelector('.grid');
    const frames = [];
    let last = performance.now();
    grid.scrollTop = 0;
    for (let at = 0; at < 240; at++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      frames.push(now - last);
      last = now;
      grid.scrollTop += 300;
    }
    return frames.slice(10).sort((a, b) => b - a);
  })()`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-studio-'));
  await generateScenes(join(folder, 'scenes'), { train: 8, val: 1, width: 96, height: 64 });
  await mkdir(join(folder, 'photos'));
  await mkdir(join(folder, 'more'));
  const images = join(folder, 'scenes', 'train', 'images');
  const [dropped, packed, ...photos] = (await readdir(images)).sort() as [string, string, ...string[]];
  await copyFile(join(images, dropped), join(folder, 'more', 'dropped.png'));
  await writeFile(
    join(folder, 'archive.zip'),
    zipSync({ 'packed.png': await readFile(join(images, packed)) }),
  );
  for (const name of photos) {
    await sharp(join(images, name))
      .jpeg()
      .toFile(join(folder, 'photos', `${name.split('.')[0]}.jpg`));
  }
  if (CHROMIUM) browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await Promise.all(started.map((studio) => studio.stop()));
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(!CHROMIUM)(`a folder of photographs${unlessMissing}`, () => {
  let studio: RunningStudio;
  const own = (...parts: string[]) => join(folder, 'photos-studio', ...parts);
  let names: string[];
  beforeAll(async () => {
    names = (await readdir(join(folder, 'photos'))).sort().map((name) => name.replace('.jpg', ''));
    studio = await open(join(folder, 'photos'));
    page = await newPage(studio.address);
    await page.getByText('6 images, 0 labeled').waitFor();
  });

  /** A place of the picture on the screen. */
  async function place(x: number, y: number): Promise<[number, number]> {
    const box = (await page.locator('.stage canvas').first().boundingBox())!;
    return [box.x + (x / 96) * box.width, box.y + (y / 64) * box.height];
  }

  test('a folder that is dropped and a zip file that is chosen are brought in', async () => {
    const box = (await page.getByRole('group', { name: 'Bring in' }).boundingBox())!;
    const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const data = { items: [], files: [join(folder, 'more')], dragOperationsMask: 1 };
    const tools = await page.context().newCDPSession(page);
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await tools.send('Input.dispatchDragEvent', { type, ...place, data });
    await page.getByText('7 images, 0 labeled').waitFor();
    await page.getByLabel('Zip file').setInputFiles(join(folder, 'archive.zip'));
    await page.getByText('8 images, 0 labeled').waitFor();
    await page.getByRole('option', { name: 'more/more/dropped' }).waitFor();
    await page.getByRole('option', { name: 'archive/packed' }).waitFor();
    expect(await readFile(own('imports', 'more', 'more', 'dropped.png'))).toEqual(
      await readFile(join(folder, 'more', 'dropped.png')),
    );
  });

  test('the brush draws what is on the disk afterwards', async () => {
    await page.getByRole('link', { name: 'Label' }).click();
    await page.getByLabel('Name of a new class').fill('object');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('button', { name: /^1 object/ }).waitFor();
    await page.locator('.stage canvas').first().waitFor();
    await page.getByLabel(/Size of the brush/).fill('6');
    await page.mouse.move(...(await place(20, 30)));
    await page.mouse.down();
    await page.mouse.move(...(await place(60, 30)), { steps: 8 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Save *' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    const { data, width } = await labelsOfFile(own('dataset', 'masks', `${names[0]}.png`));
    for (const [x, y, label] of [
      ...[
        [20, 30, 1],
        [40, 30, 1],
        [60, 30, 1],
        [40, 34, 1],
        [40, 26, 1],
      ],
      ...[
        [40, 40, 0],
        [40, 20, 0],
        [8, 30, 0],
        [72, 30, 0],
      ],
    ] as const) {
      expect(data[y * width + x], `${x}, ${y}`).toBe(label);
    }
    await shoot(page, 'label');
    await checkAccessible(page);
  });

  test('a polygon, undone and done again, too; the first mask stays in the history', async () => {
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText(names[1]!).first().waitFor();
    await page.locator('.stage canvas').first().waitFor();
    await page.keyboard.press('p');
    for (const [x, y] of [
      [10, 10],
      [50, 10],
      [50, 50],
    ] as const)
      await page.mouse.click(...(await place(x, y)));
    await page.locator('.stage').focus();
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+y');
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    const path = own('dataset', 'masks', `${names[1]}.png`);
    const { data, width } = await labelsOfFile(path);
    expect([
      data[12 * width + 20],
      data[40 * width + 45],
      data[40 * width + 20],
      data[55 * width + 30],
    ]).toEqual([1, 1, 0, 0]);
    // The eraser, by the keyboard alone: the cross is in the middle of what was clicked last.
    await page.keyboard.press('e');
    await page.locator('.stage').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    expect((await labelsOfFile(path)).data[47 * width + 49]).toBe(0);
    expect(await readdir(own('history', names[1]!))).toHaveLength(1);
  });

  test('the magic fill takes a region', async () => {
    await page.keyboard.press('n');
    await page.getByText(names[2]!).first().waitFor();
    await page.locator('.stage canvas').first().waitFor();
    await page.keyboard.press('m');
    await page.getByText('Click to fill a region').waitFor();
    await page.mouse.click(...(await place(48, 60)));
    await page.getByRole('button', { name: 'Save *' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    const { data } = await labelsOfFile(own('dataset', 'masks', `${names[2]}.png`));
    expect(data.filter((label) => label === 1).length).toBeGreaterThan(60);
  });

  test('three epochs are trained, with curves', async () => {
    await press(page, page.getByRole('link', { name: 'Train' }), 'Enter');
    await type(page, page.getByLabel(/^epochs/), '3');
    await type(page, page.getByLabel(/^batch size/), '2');
    await type(page, page.getByLabel(/^input size/), '64x64');
    await press(page, page.getByRole('button', { name: 'Start the training' }), 'Enter');
    await page.getByText(/^ended \(/).waitFor({ timeout: 60_000 });
    await page.getByRole('img', { name: /^Loss: .* \d/ }).waitFor();
    expect(await page.locator('.chart canvas').count()).toBe(2);
    await page.locator('.sheets img').first().waitFor();
    await checkAccessible(page);
    await shoot(page, 'train');
  });

  /** Class of each pixel by the server: what is drawn, and what the run sees. */
  async function bothOf(key: number): Promise<readonly [Uint8Array, Uint8Array]> {
    const [run] = await readdir(own('runs'));
    const bytes = async (path: string) =>
      new Uint8Array(await (await fetch(`${studio.address}api/images/${key}/${path}`)).arrayBuffer());
    return [await bytes('labels'), await bytes(`prediction/${run}`)];
  }

  /** Colours of the canvas that is last in a pane: [red, green, blue, opacity] of each pixel. */
  const painted = async (pane: number): Promise<Uint8Array> =>
    Uint8Array.from(
      await page.evaluate<number[]>(`(() => {
        const canvas = [...document.querySelectorAll('.viewer figure')].at(${pane}).querySelector('canvas:last-child');
        return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data];
      })()`),
    );
  const opaque = (rgba: Uint8Array) => rgba.filter((value, at) => at % 4 === 3 && value === 255).length;

  test('images are scored, the worst first, and what is taken for what is lit', async () => {
    await press(page, page.getByRole('link', { name: 'Look' }), 'Enter');
    await press(page, page.getByRole('button', { name: 'Score 3 images' }), 'Enter');
    await page.getByRole('button', { name: 'All are scored' }).waitFor({ timeout: 30_000 });
    const expected: string[] = [];
    for (const key of [0, 1, 2]) {
      const [truth, said] = await bothOf(key);
      const dices = [0, 1].map((label) => {
        const count = (labels: Uint8Array) => labels.filter((each) => each === label).length;
        const both = truth.filter((each, at) => each === label && said[at] === label).length;
        return (2 * both) / (count(truth) + count(said));
      });
      expected.push(`${((dices[0]! + dices[1]!) / 2).toFixed(4)}  ${names[key]}`);
    }
    const list = page.getByLabel('8 images');
    expect((await list.locator('option').allTextContents()).slice(0, 3)).toEqual(expected.sort());

    await page.locator('.viewer figure').nth(2).waitFor();
    const viewer = page.locator('.viewer');
    await viewer.focus();
    await page.keyboard.press('+');
    const places = await viewer
      .locator('canvas')
      .evaluateAll((all) =>
        all.map((each) => (each as unknown as { style: { transform: string } }).style.transform),
      );
    expect(new Set(places).size).toBe(1);

    const wrong = page.locator('.confusion .wrong').first();
    const [, is, said, pixels] = /truth (\w+), said (\w+): (\d+)/.exec(
      (await wrong.getAttribute('aria-label'))!,
    )!;
    const labelOf = (name: string | undefined) => Number(name === 'object');
    const inImage = async (key: number) => {
      const [truth, found] = await bothOf(key);
      return truth.filter((label, at) => label === labelOf(is) && found[at] === labelOf(said)).length;
    };
    const counts = await Promise.all([0, 1, 2].map(inImage));
    expect(counts.reduce((sum, count) => sum + count)).toBe(Number(pixels));
    await press(page, wrong, 'Enter');
    const most = Math.max(...counts);
    const first = counts.indexOf(most);
    await expect
      .poll(() =>
        page
          .getByLabel(/^\d images/)
          .locator('option')
          .first()
          .textContent(),
      )
      .toBe(`${most} pixels  ${names[first]}`);
    await page.locator('.looked strong').getByText(names[first]!).waitFor();
    await expect.poll(async () => opaque(await painted(2))).toBe(most);
    await checkAccessible(page);
    await shoot(page, 'look');
    await press(page, page.getByRole('button', { name: 'All images' }), ' ');
    const drawn = (await bothOf(first))[0].filter((label) => label !== 0).length;
    await expect.poll(async () => opaque(await painted(1))).toBe(drawn);
    const scored = async () => {
      const [run] = await readdir(own('runs'));
      const answer = await fetch(`${studio.address}api/scores/${run}`);
      return ((await answer.json()) as { rows: [number][] }).rows.map(([key]) => key);
    };
    expect((await scored()).sort()).toEqual([0, 1, 2]);
    const [again] = await bothOf(0);
    const saving = { method: 'PUT', body: Uint8Array.from(again) };
    await fetch(`${studio.address}api/images/0/labels`, saving);
    expect((await scored()).sort()).toEqual([1, 2]);
    await page.getByRole('button', { name: 'Score 1 image', exact: true }).waitFor();
    await press(page, page.getByLabel(/^Confidence threshold/), 'End');
    await expect.poll(async () => opaque(await painted(2))).toBe(0);
    await press(page, page.getByRole('button', { name: 'That of the model' }), 'Enter');
    await page.getByLabel('Pictures', { exact: true }).setInputFiles(join(folder, 'more', 'dropped.png'));
    await page.locator('.looked strong').getByText('dropped.png').waitFor();
    await expect.poll(() => page.locator('.viewer figure').count()).toBe(2);
  });

  test("a prediction is corrected and saved, and training goes on from the run's weights", async () => {
    await page.goto(`${studio.address}#/look/3`);
    await page.locator('.looked strong').getByText(names[3]!).waitFor();
    await press(page, page.getByRole('button', { name: 'Correct it' }), 'Enter');
    await page.getByText(`${names[3]}, 96 x 64`).waitFor();
    await page.getByRole('button', { name: 'Copy its prediction' }).click();
    await page.getByRole('button', { name: 'Copy its prediction' }).waitFor();
    const [, said] = await bothOf(3);
    await page.keyboard.press('b');
    await page.mouse.click(...(await place(80, 10)));
    await page.getByRole('button', { name: 'Save *' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    const { data, width } = await labelsOfFile(own('dataset', 'masks', `${names[3]}.png`));
    expect(data[10 * width + 80]).toBe(1);
    expect(data[10 * width + 20]).toBe(said[10 * width + 20]);
    expect(data[60 * width + 40]).toBe(said[60 * width + 40]);
    await page.getByRole('link', { name: 'Train' }).click();
    await press(page, page.getByLabel('Start from'), 'ArrowDown');
    await page.getByLabel(/^epochs/).fill('300');
    await page.getByLabel(/^input size/).fill('64x64');
    await page.getByRole('button', { name: 'Start the training' }).click();
    await expect.poll(async () => (await readdir(own('runs'))).length, { timeout: 30_000 }).toBe(2);
    // Buttons give way to each other; the keyboard stays where they are.
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    await page.getByText(/^epoch [2-9] of 300/).waitFor({ timeout: 60_000 });
    await tabTo(page, button('Stop'));
    await press(page, button('Pause'), 'Enter');
    await tabTo(page, button('Resume'));
    const first = page.getByRole('checkbox', { name: /^Show / }).last();
    await press(page, first, ' ');
    await page
      .getByRole('table', { name: 'Settings that differ' })
      .getByText(/num_iters$/)
      .waitFor();
  });

  test('a model is exported, its files are downloaded, and one of them segments in the page', async () => {
    const running = async () => {
      const jobs = (await (await fetch(`${studio.address}api/jobs`)).json()) as { state: string }[];
      return jobs.filter(({ state }) => state === 'running').length;
    };
    // A training has a little to do behind its last word, and two jobs run at a time.
    await expect.poll(running, { timeout: 30_000 }).toBe(0);
    await page.getByRole('link', { name: 'Ship' }).click();
    await press(page, page.getByRole('button', { name: 'Export in every format' }), 'Enter');
    const table = page.getByRole('table', { name: /^Files of / });
    await press(page, page.getByRole('button', { name: 'Make a deployment' }), 'Enter');
    await table.waitFor({ timeout: 90_000 });
    const rows = await table.locator('tbody tr').allTextContents();
    expect(rows.filter((row) => /\.onnx/.test(row)).length).toBeGreaterThan(1);
    expect(await page.getByText(/^measured on each file/).textContent()).toContain(own('dataset'));
    const name = (await readdir(own('exports'))).find((each) => each.endsWith('_export'))!;
    const model = own('exports', name, 'onnx', 'model.onnx');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      press(page, table.getByRole('link', { name: 'onnx/model.onnx', exact: true }), 'Enter'),
    ]);
    expect(download.suggestedFilename()).toBe('model.onnx');
    expect((await readFile(await download.path())).equals(await readFile(model))).toBe(true);
    const link = page.getByRole('link', { name: 'deploy.zip' });
    await link.waitFor({ timeout: 60_000 });
    const zip = await fetch(`${studio.address}${await link.getAttribute('href')}`);
    const entries = unzipSync(new Uint8Array(await zip.arrayBuffer()), {
      filter: ({ name: entry }) => entry.startsWith('model/') || entry === 'browser/index.html',
    });
    expect(Object.keys(entries).sort()).toEqual([
      'browser/index.html',
      'model/config.json',
      'model/model.onnx',
    ]);

    const picture = join(folder, 'more', 'dropped.png');
    await page.getByRole('combobox', { name: /^File/ }).selectOption({ label: `${name}, onnx/model.onnx` });
    await page.getByText(/^ready; it looks at/).waitFor({ timeout: 30_000 });
    await page.getByLabel('Picture to segment').setInputFiles(picture);
    await page.locator('.tried figure').nth(1).waitFor({ timeout: 30_000 });
    const segmenter = await createSegmenter({ weights: model, threads: 1 });
    const { labels } = await segmenter.segment(picture);
    await segmenter.dispose();
    const found = await painted(1);
    const differ = labels.filter((label, at) => (label !== 0) !== (found[4 * at + 3] === 255)).length;
    expect(found).toHaveLength(4 * labels.length);
    expect(differ / labels.length).toBeLessThan(1e-3);
    await checkAccessible(page);
    await page.evaluate("document.querySelector('main').scrollTop = 0");
    await shoot(page, 'ship');
  });

  test('without a pointer: an image is chosen, drawn on by brush and polygon, undone and saved; whoever leaves loses nothing', async () => {
    await press(page, page.getByRole('link', { name: 'Data' }), 'Enter');
    await type(page, page.getByLabel('Name'), names[4]!);
    await press(page, page.getByRole('listbox', { name: 'Images' }), ' ');
    await page.getByText('1 selected').waitFor();
    await press(page, page.getByRole('button', { name: 'val', exact: true }), 'Enter');
    await page.getByText(`val · ${names[4]}`).waitFor();
    await press(page, page.getByRole('button', { name: 'auto', exact: true }), 'Enter');
    await press(page, page.getByRole('listbox', { name: 'Images' }), 'Enter');
    await page.getByText(`${names[4]}, 96 x 64`).waitFor();
    const stage = page.locator('.stage');
    await page.keyboard.press('1');
    // The cross is in the middle, at 48, 32.
    const go = async (key: string, tens: number) => {
      for (let at = 0; at < tens; at++) await page.keyboard.press(`Shift+${key}`);
    };
    const size = page.getByLabel(/Size of the brush/);
    await press(page, size, 'Home', 'ArrowRight', 'ArrowRight');
    await page.keyboard.press('b');
    await press(page, stage, ' ');
    await go('ArrowRight', 3);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('p');
    await go('ArrowLeft', 7);
    await go('ArrowUp', 2);
    await page.keyboard.press('Enter');
    await go('ArrowRight', 2);
    await page.keyboard.press('Enter');
    await go('ArrowDown', 2);
    await page.keyboard.press(' ');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.press('+');
    await page.keyboard.press('f');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+y');
    const path = own('dataset', 'masks', `${names[4]}.png`);
    const pixels = async () => {
      const { data, width } = await labelsOfFile(path);
      const at = (x: number, y: number) => data[y * width + x];
      return {
        stroke: [at(48, 32), at(60, 32), at(77, 31)],
        beside: [at(40, 32), at(60, 37)],
        polygon: [at(25, 16), at(12, 28)],
      };
    };
    const drawn = { stroke: [1, 1, 1], beside: [0, 0], polygon: [1, 0] };
    // Another tab has opened the same image before, and saves after.
    const editionOf = await fetch(`${studio.address}api/images/4/labels`);
    const edition = editionOf.headers.get('Otx-Edition')!;
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    expect(await pixels()).toEqual(drawn);
    const other = { method: 'PUT', body: new Uint8Array(96 * 64) };
    const refused = await fetch(`${studio.address}api/images/4/labels?edition=${edition}`, other);
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
      412,
      expect.stringContaining('was saved in another tab'),
    ]);
    expect(await pixels()).toEqual(drawn);
    // And the other way round: the page is told, and a second attempt replaces what the other has saved.
    expect((await fetch(`${studio.address}api/images/4/labels`, other)).status).toBe(200);
    await press(page, stage, 'b', 'Enter');
    await page.keyboard.press('Control+s');
    await page.getByRole('alert').getByText('was saved in another tab').waitFor();
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    expect(await pixels()).toEqual({ ...drawn, beside: [0, 0] });
    expect(await readdir(own('history', names[4]!))).toHaveLength(2);
    await press(page, stage, ' ', 'Shift+ArrowUp');
    await press(page, page.getByRole('link', { name: 'Next' }), 'Enter');
    await expect.poll(() => readdir(own('history', names[4]!)).then(({ length }) => length)).toBe(3);
    await page.getByText('Nobody has been asked yet.').waitFor();
  });

  test('whatever a pointer can use on any page, the keyboard reaches, and its focus is seen', async () => {
    const counts: Record<string, number> = {};
    for (const name of ['Data', 'Label', 'Train', 'Teach', 'Look', 'Next', 'Ship']) {
      await press(page, page.getByRole('link', { name, exact: true }), 'Enter');
      await page.locator('h1').getByText(name).waitFor();
      const late = { Label: '.stage', Look: '.viewer', Ship: '.tried, table', Train: 'summary' }[name];
      if (late !== undefined) await page.locator(late).first().waitFor();
      if (name === 'Train') await press(page, page.getByText(/^All \d+ settings/), 'Enter');
      counts[name] = await checkKeyboard(page);
    }
    expect(
      Object.values(counts).every((count) => count >= 9),
      JSON.stringify(counts),
    ).toBe(true);
    expect(counts.Train).toBeGreaterThan(40);
  });

  test('the user has kept all files as they were', async () => {
    await page.getByRole('link', { name: 'Data' }).click();
    await page.getByText('8 images, 5 labeled').waitFor();
    await page.locator('.cell img.mask').nth(3).waitFor();
    await shoot(page, 'data');
    expect((await readdir(join(folder, 'photos'))).sort()).toEqual(names.map((name) => `${name}.jpg`));
    expect((page as unknown as { errors: string[] }).errors).toEqual([]);
  });
});

describe.skipIf(!CHROMIUM)(`5,000 images${unlessMissing}`, () => {
  test('start within two seconds, scroll without a long frame, in 300 MB', async () => {
    const images = join(folder, 'many', 'images');
    const masks = join(folder, 'many', 'masks');
    await mkdir(images, { recursive: true });
    await mkdir(masks);
    const { cp, link } = await import('node:fs/promises');
    const create = { width: 120, height: 90, channels: 3, background: { r: 10, g: 90, b: 160 } } as const;
    await sharp({ create }).jpeg().toFile(join(folder, 'one.jpg'));
    await sharp(Buffer.alloc(120 * 90, 1), { raw: { width: 120, height: 90, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(join(folder, 'one.png'));
    for (let at = 0; at < 5000; at++) {
      const name = String(at).padStart(5, '0');
      await link(join(folder, 'one.jpg'), join(images, `${name}.jpg`)).catch(() =>
        cp(join(folder, 'one.jpg'), join(images, `${name}.jpg`)),
      );
      await link(join(folder, 'one.png'), join(masks, `${name}.png`));
    }
    await writeFile(
      join(folder, 'many', 'dataset_meta.json'),
      JSON.stringify({ label_map: { 0: 'background', 1: 'sea' } }),
    );
    const studio = await open(join(folder, 'many'));
    expect(studio.milliseconds).toBeLessThan(2000);
    const many = await newPage(studio.address);
    await many.getByText('5000 images, 5000 labeled').waitFor({ timeout: 60_000 });
    await many.locator('.cell').first().waitFor();
    await browser.startTracing(many, { categories: ['toplevel', 'devtools.timeline'] });
    const frames = await scroll(many);
    const longest = longestTask(await browser.stopTracing());
    const status = await readFile(`/proc/${studio.process.pid}/status`, 'utf8').catch(() => 'VmRSS: 0 kB');
    console.info(
      `5,000 images: start ${studio.milliseconds.toFixed(0)} ms, longest task ${longest.toFixed(1)} ms, longest frames ${frames.slice(0, 3).map((time) => time.toFixed(1))} ms, ${/VmRSS:\s*(\d+)/.exec(status)![1]} kB`,
    );
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThan(50);
    expect(Number(/VmRSS:\s*(\d+)/.exec(status)![1]) / 1024).toBeLessThan(300);
    await many.locator('.grid').focus();
    await many.keyboard.press('End');
    await many.getByRole('option', { name: /04999/ }).waitFor();
    await checkAccessible(many);
  });
});
