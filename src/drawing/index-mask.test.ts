import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import sharp from '../data/images/sharp.js';
import { defaultPalette } from '../data/masks/palette.js';
import { readPngHead } from '../data/masks/png.js';
import { readMask } from '../data/masks/read-mask.js';
import { encodeIndexMask, readIndexMask } from './index-mask.js';
import { withLegend } from './legend.js';

test.each([2, 13, 200])(
  'a mask of %i classes keeps its indices, shows its colours and is a mask of a data set',
  async (count) => {
    const folder = await mkdtemp(join(tmpdir(), 'otx-index-mask-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const palette = defaultPalette(count);
    const classes = palette.map((color, index) => ({ name: `class ${index}`, color }));
    const size = { width: 37, height: 21 };
    const labels = Uint8Array.from({ length: 37 * 21 }, (_, i) => (i * 7) % count);
    const path = join(folder, 'mask.png');
    const bytes = Buffer.from(await encodeIndexMask(labels, size, classes));
    await writeFile(path, bytes);

    expect(readPngHead(bytes)).toEqual({ depth: 8, gray: false, palette });
    expect(await readIndexMask(path)).toEqual(labels);
    const shown = await sharp(bytes, { failOn: 'warning' }).toColourspace('srgb').raw().toBuffer();
    expect(shown).toEqual(Buffer.from([...labels].flatMap((label) => palette[label]!)));

    const coding = {
      values: classes.map((_, index) => index),
      colors: [],
      colorsDeclared: false,
      useOtxAdapter: false,
    };
    expect((await readMask(path, coding)).data).toEqual(labels);
    const colors = classes.map(({ color }, classIndex) => ({ color, classIndex }));
    expect((await readMask(path, { ...coding, colors, colorsDeclared: true })).data).toEqual(labels);
  },
);

test('an overlay has the names of its classes on its lower edge, where there is room', async () => {
  const classes = defaultPalette(4).map((color, index) => ({
    name: ['background', 'a', 'b', 'c'][index]!,
    color,
  }));
  const image = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(3 * width * height).fill(40),
  });
  const large = image(320, 240);
  const marked = await withLegend(large, classes);
  expect(marked).toMatchObject({ width: 320, height: 240 });
  const rowIsChanged = (y: number) =>
    marked.data.subarray(960 * y, 960 * (y + 1)).some((value) => value !== 40);
  expect(rowIsChanged(239)).toBe(true);
  expect(rowIsChanged(180)).toBe(false);
  expect(large.data.every((value) => value === 40)).toBe(true);
  expect(await withLegend(large, classes.slice(0, 1))).toBe(large);
  const small = image(40, 30);
  expect(await withLegend(small, classes)).toBe(small);
});
