import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, indexMask, png, temporaryFolder, writeFiles } from './fixtures.cases.js';
import { openDataset } from './open-dataset.js';
import { verifyDataset } from './verify.js';

const [WIDTH, HEIGHT] = [12, 9];
/** Left of the picture, or right of it. */
const LEFT = Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i % WIDTH < 4 ? 1 : 0));
const RIGHT = LEFT.map((_, i) => LEFT[LEFT.length - 1 - i]!);

/** A photograph of an object, with a half turn in its EXIF data. */
const photograph = (labels: readonly number[]) =>
  png({
    ...{ width: WIDTH, height: HEIGHT, colorType: 2, orientation: 3 },
    samples: labels.flatMap((label) => [20 + 180 * label, 60, 60]),
  });

const MASKED = { 'masks/a.png': indexMask(LEFT, WIDTH, HEIGHT) };
const CORNERS = [
  [0, 0],
  [4, 0],
  [4, HEIGHT],
  [0, HEIGHT],
];
const DRAWN = {
  'images/a.json': {
    shapes: [{ label: 'car', points: CORNERS, shape_type: 'polygon' }],
    ...{ imagePath: 'a.png', imageHeight: HEIGHT, imageWidth: WIDTH },
  },
};
const META = { 'dataset_meta.json': { labels: ['background', 'car'] } };

/** An image that shows the object on the left as it is stored, with an annotation on the left. */
async function drawnOnStored(
  annotation: Record<string, Uint8Array | object>,
  labels = LEFT,
): Promise<string> {
  const root = await temporaryFolder();
  await writeFiles(root, { 'images/a.png': photograph(labels), ...annotation });
  return root;
}

const check = async (
  root: string,
  { assume, useOtxAdapter }: { assume?: string; useOtxAdapter?: boolean } = {},
  readings: readonly ('masks-raw' | 'masks-upright')[] = [],
) => {
  const opened = await openDataset(root, { assume, useOtxAdapter, workers: 0 });
  return verifyDataset(opened, { workers: 0, belongsTo: { readings } });
};

describe('annotations on the stored pixels of turned images', () => {
  it.each<[string, Record<string, Uint8Array | object>, boolean]>([
    ['masks with a meta file', { ...MASKED, ...META }, false],
    ['masks without one', MASKED, false],
    ['masks that go through polygons', { ...MASKED, ...META }, true],
    ['polygons', DRAWN, false],
  ])('%s stop, unless it is said how they lie', async (_, annotation, useOtxAdapter) => {
    const root = await drawnOnStored(annotation);
    const error = await errorOf(check(root, { useOtxAdapter }));
    expect(error.message).toMatch(
      /1 of its 1 images are turned .*as these are stored.*masks-raw.*masks-upright/s,
    );
    const raw = await check(root, { useOtxAdapter, assume: 'masks-raw' });
    expect(raw.dataset.samples[0]!.maskTurn).toBe(3);
    expect(raw.dataset.readings).toContain('masks-raw');
    expect(raw.report.notices.join()).toContain('1 of its 1 masks are turned');
    const upright = await check(root, { useOtxAdapter, assume: 'masks-upright' });
    expect(upright.dataset.samples[0]!.maskTurn).toBeUndefined();
    expect(upright.dataset.readings).toContain('masks-upright');
  });

  it('are read as the data that they belong to, where nobody says otherwise', async () => {
    const root = await drawnOnStored({ ...MASKED, ...META });
    expect((await check(root, {}, ['masks-raw'])).dataset.samples[0]!.maskTurn).toBe(3);
    const other = await check(root, { assume: 'masks-upright' }, ['masks-raw']);
    expect(other.dataset.samples[0]!.maskTurn).toBeUndefined();
  });

  it('stop where that clearly does not fit', async () => {
    // Upright the object is on the left, where the mask has it.
    const root = await drawnOnStored({ ...MASKED, ...META }, RIGHT);
    expect((await check(root)).report.notices.join()).toContain('laid on the upright images');
    expect((await errorOf(check(root, {}, ['masks-raw']))).message).toMatch(/fit the images better upright/);
  });

  it('stay as they are where only that has their size', async () => {
    const root = await temporaryFolder();
    const image = png({
      ...{ width: WIDTH, height: HEIGHT, colorType: 2, orientation: 6 },
      samples: LEFT.flatMap((label) => [20 + 180 * label, 60, 60]),
    });
    const mask = indexMask(LEFT, HEIGHT, WIDTH);
    await writeFiles(root, { 'images/a.png': image, 'masks/a.png': mask, ...META });
    const { dataset } = await check(root, {}, ['masks-raw']);
    expect(dataset.samples[0]!.maskTurn).toBeUndefined();
    const declared = { ...DRAWN['images/a.json'] };
    await writeFiles(join(root, 'drawn'), { 'a.png': image, 'a.json': declared });
    const error = await errorOf(check(join(root, 'drawn')));
    expect(error.message).toMatch(/is 12x9, but it is 9x12; .*--assume masks-raw/);
    const turned = await check(join(root, 'drawn'), { assume: 'masks-raw' });
    expect(turned.report.classes.map(({ pixels }) => pixels)).toEqual([72, 36]);
  });
});
