/**
 * @file One small semi-supervised training, started in the studio, and all that is made of it: its report without any network, what its
 * teacher says (*Teach*), and which images it would have labeled next (*Next*).
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { checkAccessible } from './accessible.js';
import { CHROMIUM, launchChromium } from './chromium.js';
import { otx } from './otx.js';
import { type RunningStudio, startStudio } from './studio-server.js';

const unlessMissing = CHROMIUM ? '' : ' (skipped: there is no browser on this machine)';
const POLL = { timeout: 90_000, interval: 200 };
/** Where pictures for the documentation go, where they are asked for. */
const SHOTS = process.env.OTX_SCREENSHOTS
  ? fileURLToPath(new URL('../../docs/images', import.meta.url))
  : undefined;

let folder: string;
let studio: RunningStudio;
let run: string;
let browser: Browser;
const own = (...parts: string[]) => join(folder, 'scenes-studio', ...parts);

async function ask<T>(path: string, method = 'GET', body?: object | Uint8Array<ArrayBuffer>): Promise<T> {
  const sent = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(`${studio.address}api/${path}`, { method, body: sent });
  const answer = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
const stateOf = async (id: string) =>
  (await ask<{ id: string; state: string }[]>('jobs')).find((job) => job.id === id)?.state;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-studio-'));
  await generateScenes(join(folder, 'scenes'), { train: 5, val: 2, width: 96, height: 64 });
  await generateScenes(join(folder, 'more'), { train: 6, val: 1, width: 96, height: 64, seed: 7 });
  studio = await startStudio([join(folder, 'scenes')]);
  await vi.waitUntil(async () => (await ask<{ state: string }>('project')).state === 'ready', POLL);
  const images = join(folder, 'more', 'train', 'images');
  for (const name of await readdir(images)) {
    await ask(`imports/more/photos/${name}`, 'PUT', new Uint8Array(await readFile(join(images, name))));
  }
  await ask('imports/more', 'POST');
  const settings = { epochs: '2', inputSize: '64x64', batchSize: '2', unlabeledBatchSize: '4' };
  const { id } = await ask<{ id: string }>('train', 'POST', {
    ...{ template: 'Lite-HRNet-s-mod2', settings, semi: true },
  });
  await vi.waitUntil(async () => (await stateOf(id)) !== 'running', POLL);
  expect(await stateOf(id)).toBe('done');
  run = own('runs', id);
  if (CHROMIUM) browser = await launchChromium();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A page, and what it has asked for besides its own file or server. */
async function openPage(address: string, isOffline: boolean): Promise<{ page: Page; asked: string[] }> {
  const context = await browser.newContext({
    ...{ viewport: { width: 1280, height: 900 }, offline: isOffline, reducedMotion: 'reduce' },
  });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith('data:') && !request.url().startsWith(address.split('#')[0]!))
      asked.push(request.url());
  });
  page.on('pageerror', (error) => asked.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') asked.push(message.text());
  });
  await page.goto(address);
  return { page, asked };
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  const picture = sharp(await page.screenshot()).png({ palette: true, dither: 0, compressionLevel: 9 });
  await picture.toFile(join(SHOTS, `${name}.png`));
}

/** When all pictures of a page are there and have pixels; those that are not come when they are in sight. */
async function expectPictures(page: Page): Promise<void> {
  await page.evaluate("for (const image of document.images) image.loading = 'eager'");
  await expect.poll(() => brokenPictures(page), POLL).toEqual([]);
}

const brokenPictures = (page: Page) =>
  page.evaluate<string[]>(
    '[...document.images].filter((image) => !image.complete || image.naturalWidth === 0).map((image) => image.alt)',
  );

describe('the report', () => {
  test('is one file, which says what was there and is replaced as it is told', async () => {
    const file = join(run, 'report.html');
    const written = await otx(['report', run, '--worst', '0']);
    expect(written.stderr).toBe('');
    expect(written.stdout).toMatch(/^written .*report\.html \(\d+\.\d MB\)\n/);
    expect(await readFile(file, 'utf8')).not.toContain('id="worst"');
    const again = await otx(['report', run, '-o', file]);
    expect(again.stdout).toMatch(/in place of the report of \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    const html = await readFile(file, 'utf8');
    expect(html).not.toMatch(/https?:|<script|@import|url\(/);
    expect([...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, to]) => to!.slice(0, 5))).toEqual(
      expect.arrayContaining(['data:', '#data', '#clas']),
    );
    for (const [, to] of html.matchAll(/\b(?:src|href)="([^"]*)"/g)) expect(to).toMatch(/^(data:|#)/);
    for (const told of [
      /SHA-256/,
      /of the 2 validation images|of all 2 validation images/,
      /student, epoch/,
      /engine/,
    ])
      expect(html).toMatch(told);
  });

  test.skipIf(!CHROMIUM)(`opens from the disk without any network${unlessMissing}`, async () => {
    const { page, asked } = await openPage(String(pathToFileURL(join(run, 'report.html'))), true);
    await page.getByRole('heading', { name: /^Lite-HRNet-s-mod2/ }).waitFor();
    expect(await page.getByRole('img', { name: /^Loss of each step/ }).count()).toBe(1);
    expect(await page.locator('img').count()).toBe(5);
    await expectPictures(page);
    // Neither a window of a phone nor paper cuts it off.
    await checkAccessible(page);
    // Where no paths of this machine are seen.
    await page.getByRole('link', { name: 'Classes' }).click();
    await shoot(page, 'report');
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(50_000);
    expect(asked).toEqual([]);
  });

  test.skipIf(!CHROMIUM)(`is what a run folder shows that is opened alone${unlessMissing}`, async () => {
    const alone = await startStudio([run]);
    try {
      const { page, asked } = await openPage(alone.address, false);
      await page.getByRole('heading', { name: /^Lite-HRNet-s-mod2/ }).waitFor();
      await page.getByRole('heading', { name: 'Worst images' }).waitFor();
      await expectPictures(page);
      expect(asked).toEqual([]);
      const answers = ['api/project', '../', 'report.html', '%2e%2e/'].map(
        async (path) => (await fetch(`${alone.address}${path}`)).status,
      );
      expect(await Promise.all(answers)).toEqual([404, 404, 404, 404]);
      expect((await fetch(alone.address, { method: 'POST' })).status).toBe(405);
    } finally {
      expect(await alone.stop('SIGINT')).toBe(0);
    }
  });
});

interface Taught {
  readonly pages: number;
  readonly kept: number;
  readonly filter: { readonly drop: number };
  readonly perClass: readonly { readonly share: number; readonly kept: number }[];
  readonly shown: readonly { readonly id: string; readonly kept: number }[];
}

describe('Teach', () => {
  test('keeps as many pixels as the filter of the training says, of as many images as are in a step', async () => {
    const names = await ask<string[]>('teach');
    expect(names).toHaveLength(1);
    const taught = await ask<Taught>(`teach/${names[0]}`);
    expect(taught.pages).toBe(2);
    expect(taught.shown).toHaveLength(4);
    expect(taught.filter.drop).toBeGreaterThan(0.19);
    expect(taught.kept).toBeCloseTo(1 - taught.filter.drop, 2);
    const byClass = taught.perClass.reduce((sum, { share, kept }) => sum + share * kept, 0);
    expect(byClass).toBeCloseTo(taught.kept, 6);
    const last = await ask<Taught>(`teach/${names[0]}?page=99`);
    expect(new Set([...taught.shown, ...last.shown].map(({ id }) => id)).size).toBe(6);
    await expect(ask('teach/nowhere')).rejects.toThrow(/does not exist/);
    await expect(ask(`teach/${names[0]}?page=x`)).rejects.toThrow('a whole number');
  });

  test.skipIf(!CHROMIUM)(`shows teacher, filter and student side by side${unlessMissing}`, async () => {
    const { page } = await openPage(`${studio.address}#/teach`, false);
    await page.getByText(/of their pixels would be learned from/).waitFor({ timeout: 30_000 });
    await page.getByText(/% of the pixels with the highest entropy are dropped/).waitFor();
    expect(await page.locator('.lesson img').count()).toBe(20);
    await expectPictures(page);
    await checkAccessible(page);
    await shoot(page, 'studio-teach');
    await page.getByRole('button', { name: 'Images after' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/Page 2 of 2 of 6 images/).waitFor();
    await page.context().close();
  });
});

describe.skipIf(!CHROMIUM)(`Next${unlessMissing}`, () => {
  test('lists images with reasons; one that is labeled from the proposal leaves the list', async () => {
    const { page } = await openPage(`${studio.address}#/next`, false);
    await page.getByText('Nobody has been asked yet.').waitFor();
    await page.getByLabel('How many').fill('3');
    await page.getByLabel('Images without labels').selectOption('more/photos');
    await page.getByRole('button', { name: 'Find images' }).click();
    await page.getByText(/^3 of 3 images left to label, chosen from 6/).waitFor({ timeout: 60_000 });
    await page
      .getByText(/the model is less sure of it than of \d+ % of the images/)
      .first()
      .waitFor();
    expect(await page.locator('.advice img.mask').count()).toBe(3);
    await expectPictures(page);
    await checkAccessible(page);
    await shoot(page, 'studio-next');
    // The masks are those that the advice has on the disk.
    const [advice] = await readdir(own('advice'));
    const { list } = await ask<{ list: { key: number; rank: number }[] }>('next');
    expect(list.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    const masks = await readdir(own('advice', advice!, 'result', 'proposals', 'masks'));
    expect(masks).toHaveLength(3);

    await page
      .getByRole('button', { name: /^Label / })
      .first()
      .click();
    await page.getByRole('button', { name: 'Save *' }).click({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor();
    const images = await ask<[string, number, number, string, string][]>('images');
    const [id, , , , labels] = images[list[0]!.key]!;
    expect(labels).toBe('own');
    const saved = await sharp(own('dataset', 'masks', `${id}.png`))
      .raw()
      .toBuffer();
    const name = masks.find((mask) => mask.startsWith(id.replaceAll('/', '_')))!;
    const proposed = await sharp(own('advice', advice!, 'result', 'proposals', 'masks', name))
      .raw()
      .toBuffer();
    expect(saved.equals(proposed)).toBe(true);
    await page.getByRole('link', { name: 'Next' }).click();
    await page.getByText(/^2 of 3 images left to label/).waitFor();
    await page.context().close();
  });

  test('nothing of the user is changed, and a search that cannot begin is told', async () => {
    expect((await stat(own('advice'))).isDirectory()).toBe(true);
    expect((await readdir(join(folder, 'scenes'))).sort()).toEqual(['train', 'val']);
    await expect(ask('next', 'POST', { count: 0, folder: '' })).rejects.toThrow(
      'the request is wrong at count',
    );
    await expect(ask('next', 'POST', { count: 1, folder: '../..' })).rejects.toThrow(
      'no image without labels',
    );
    await expect(ask('next', 'POST', { count: 1, folder: '', run: '../x' })).rejects.toThrow('wrong at run');
  });
});
