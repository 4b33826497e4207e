import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import sharp from '../data/images/sharp.js';
import { untrainedCheckpoint } from '../demo/untrained.js';
import { createSegmenter, type ImageSource, predict, type RawImage, type Segmenter } from '../index.js';

const CLASSES = [
  { name: 'background', color: [0, 0, 0] as const },
  { name: 'traffic light', color: [255, 0, 0] as const },
  { name: 'road', color: [0, 255, 0] as const },
];
const IMAGE = { width: 50, height: 30 };

let folder: string;
let weights: string;
let segmenter: Segmenter;
let png: Buffer;
let pixels: RawImage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-segmenter-'));
  weights = join(folder, 'weights.safetensors');
  const settings = { inputSize: '64x64' };
  const template = 'Lite-HRNet-s-mod2';
  await writeFile(weights, untrainedCheckpoint({ template, classes: CLASSES, seed: 3, settings }));
  const data = Uint8Array.from({ length: 3 * 50 * 30 }, (_, i) => (i * i * 7) % 256);
  pixels = { ...IMAGE, data, channels: 3 };
  png = await sharp(data, { raw: { ...IMAGE, channels: 3 } })
    .png()
    .toBuffer();
  await writeFile(join(folder, 'image.png'), png);
  segmenter = await createSegmenter({ weights, threads: 1 });
});
afterAll(async () => {
  await segmenter.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('a segmenter', () => {
  test('gives the same for a path, bytes and pixels, at the size of the image', async () => {
    const found = await Promise.all(
      [join(folder, 'image.png'), new Uint8Array(png), pixels].map((source) =>
        segmenter.segment(source, { probabilities: true }),
      ),
    );
    const [first, ...others] = found;
    expect(first).toMatchObject(IMAGE);
    expect(first!.labels).toHaveLength(50 * 30);
    for (const { labels, probabilities } of others) {
      expect(labels).toEqual(first!.labels);
      expect(probabilities).toEqual(first!.probabilities);
    }
  });

  test('gives probabilities whose best class is the label, and shares of all classes', async () => {
    const { labels, probabilities, classes, milliseconds } = await segmenter.segment(pixels, {
      probabilities: true,
    });
    const area = labels.length;
    labels.forEach((label, pixel) => {
      const three = [0, 1, 2].map((k) => probabilities![k * area + pixel]!);
      expect(three.reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
      expect(three[label]).toBe(Math.max(...three));
    });
    expect(classes.map(({ name, color }) => ({ name, color }))).toEqual(CLASSES);
    for (const [index, { share }] of classes.entries()) {
      expect(share).toBe(labels.filter((label) => label === index).length / area);
    }
    expect(Math.min(...Object.values(milliseconds))).toBeGreaterThan(0);
    expect((await segmenter.segment(pixels)).probabilities).toBeUndefined();
  });

  test('drops the opacity and takes gray for three equal channels', async () => {
    const area = 50 * 30;
    const rgba = new Uint8ClampedArray(4 * area).fill(7);
    const gray = new Uint8Array(area);
    const rgbOfGray = new Uint8Array(3 * area);
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < 3; k++) rgba[4 * i + k] = pixels.data[3 * i + k]!;
      gray[i] = i % 256;
      rgbOfGray.fill(i % 256, 3 * i, 3 * i + 3);
    }
    const labelsOf = async (data: RawImage['data'], channels: RawImage['channels']) =>
      (await segmenter.segment({ ...IMAGE, data, channels })).labels;
    expect(await labelsOf(rgba, 4)).toEqual(await labelsOf(pixels.data, 3));
    expect(await labelsOf(gray, 1)).toEqual(await labelsOf(rgbOfGray, 3));
  });

  test('is as sure as its threshold asks for', async () => {
    const careful = await createSegmenter({ weights, threads: 1, confidenceThreshold: 1 });
    expect(careful.threshold).toBe(1);
    const { labels } = await careful.segment(pixels);
    await careful.dispose();
    expect(labels.every((label) => label === 0)).toBe(true);
  });

  test.each<[ImageSource, RegExp]>([
    [{ ...IMAGE, data: new Uint8Array(7), channels: 3 as const }, /has 7 bytes, expected 4500/],
    [
      { width: 0, height: 3, data: new Uint8Array(0), channels: 3 as const },
      /image of 0x3; width and height/,
    ],
    [{ ...IMAGE, data: new Uint8Array(3000), channels: 2 as 3 }, /2 channels; 1 \(gray\)/],
    [Buffer.from('no picture at all, but long enough'), /^the image cannot be read as an image/],
    [join(tmpdir(), 'not-there.png'), /not-there\.png/],
    [null as unknown as string, /the image is null; expected the path/],
    ['', /the image is ""; expected the path/],
    [new ArrayBuffer(9) as unknown as Uint8Array, /the image is ArrayBuffer/],
    [{ ...IMAGE, data: null as unknown as Uint8Array, channels: 3 as const }, /the pixels are null/],
    ...[Uint16Array, Float32Array, Int8Array, Array].map((Samples) => {
      const data = new Samples(4500) as unknown as Uint8Array;
      const source: RawImage = { ...IMAGE, data, channels: 3 };
      return [source, new RegExp(`the pixels are ${Samples.name}; expected a Uint8Array`)] as [
        ImageSource,
        RegExp,
      ];
    }),
    [
      { ...IMAGE, width: '50' as unknown as number, data: new Uint8Array(4500), channels: 3 as const },
      /"50"x30/,
    ],
  ])('refuses what is no image', async (source, message) => {
    await expect(segmenter.segment(source)).rejects.toThrow(message);
  });

  test('says that it was disposed, during a call and after', async () => {
    const other = await createSegmenter({ weights, threads: 1 });
    const underWay = Array.from({ length: 4 }, () => other.segment(pixels));
    const settled = Promise.allSettled(underWay);
    await Promise.all([other.dispose(), other.dispose()]);
    const disposed = { code: 'usage', message: expect.stringContaining('the segmenter was disposed') };
    for (const outcome of await settled) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(disposed);
    }
    await expect(other.segment(pixels)).rejects.toMatchObject(disposed);
  });
});

describe('a folder', () => {
  test('with bad images is segmented but for these, which are told in the end', async () => {
    const input = join(folder, 'photos');
    const output = join(folder, 'predictions');
    await mkdir(input);
    for (const name of ['a', 'c', 'e']) await writeFile(join(input, `${name}.png`), png);
    await writeFile(join(input, 'b.png'), png.subarray(0, png.length / 2));
    await writeFile(join(input, 'd.png'), '');
    const events: number[] = [];
    const { images, failed } = await predict({
      weights,
      input,
      output,
      threads: 1,
      onEvent: (event) => event.type === 'progress' && event.task === 'predict' && events.push(event.done),
    });
    expect(images.map((image) => image.input)).toEqual(['a', 'c', 'e'].map((n) => join(input, `${n}.png`)));
    expect(failed.map((image) => image.input)).toEqual(['b', 'd'].map((n) => join(input, `${n}.png`)));
    for (const image of failed) expect(image.reason).toContain(image.input);
    expect(events).toEqual([1, 2, 3, 4, 5]);
    for (const kind of ['masks', 'overlays']) {
      expect((await readdir(join(output, kind))).sort()).toEqual(['a.png', 'c.png', 'e.png']);
    }
    const one = await segmenter.segment(await readFile(join(input, 'a.png')));
    expect(images[0]!.shares).toEqual(one.classes.map(({ share }) => share));
  });

  test('is told from a single image, whose error is thrown', async () => {
    const path = join(folder, 'broken.png');
    await writeFile(path, png.subarray(0, 100));
    const single = predict({ weights, input: path, output: join(folder, 'none'), threads: 1 });
    await expect(single).rejects.toMatchObject({ code: 'image', message: expect.stringContaining(path) });
  });
});
