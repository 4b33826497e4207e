import { describe, expect, it } from 'vitest';
import { errorOf, indexMask, noiseJpeg, png, soundDataset, stripes, writeFiles } from './fixtures.cases.js';
import { openDataset } from './open-dataset.js';
import { formatReport } from './report.js';
import { verifyDataset } from './verify.js';

describe('verifyDataset', () => {
  it.each([0, 2])('counts pixels, shares and images of each class with %i workers', async (workers) => {
    const root = await soundDataset(1, 4, 1);
    await writeFiles(root, {
      'dataset_meta.json': { labels: ['background', 'car', 'tree', 'unicorn'] },
      'masks/a.png': indexMask([0, 1, 1, 255], 4, 1),
      'images/b.jpg': await noiseJpeg(4, 1),
      'masks/b.png': indexMask([2, 1, 1, 1], 4, 1),
    });
    const seen: string[] = [];
    const { report } = await verifyDataset(await openDataset(root), {
      workers,
      onProgress: (done, total) => seen.push(`${done}/${total}`),
    });
    expect(report.classes).toEqual([
      { name: 'background', pixels: 1, share: 1 / 8, images: 1 },
      { name: 'car', pixels: 5, share: 5 / 8, images: 2 },
      { name: 'tree', pixels: 1, share: 1 / 8, images: 1 },
      { name: 'unicorn', pixels: 0, share: 0, images: 0 },
    ]);
    expect(report.shown).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(report.ignoredShare).toBe(1 / 8);
    expect(seen).toEqual(['1/2', '2/2']);
    expect(formatReport(report).replace(root, 'ROOT')).toBe(
      [
        'ROOT: 2 images',
        '  class  name        pixels  images',
        '      0  background  12.5 %       1',
        '      1  car         62.5 %       2',
        '      2  tree        12.5 %       1',
        '      3  unicorn      0.0 %       0  never occurs',
        '    255  (ignored)   12.5 %',
      ].join('\n'),
    );
    const long = {
      ...report,
      root: 'ROOT',
      classes: report.classes.map((kind) => ({ ...kind, name: kind.name.repeat(20) })),
    };
    for (const line of formatReport(long, 50).split('\n')) expect(line.length).toBeLessThanOrEqual(50);
  });

  it('refuses masks in which 255 stands for all that is no background, notices those in which it may', async () => {
    const root = await soundDataset(1, 4, 1);
    await writeFiles(root, { 'masks/a.png': indexMask([0, 0, 255, 255], 4, 1) });
    const error = await errorOf(verifyDataset(await openDataset(root), { workers: 0 }));
    expect(error).toMatchObject({ code: 'dataset' });
    expect(error.message).toMatch(/all pixels of its 1 masks are 0 \(background\) or 255, which is ignored/);
    await writeFiles(root, { 'masks/a.png': indexMask([1, 1, 255, 255], 4, 1) });
    const { report } = await verifyDataset(await openDataset(root), { workers: 0 });
    expect(report.notices).toEqual([
      expect.stringMatching(/are car, .* nothing to tell apart; if 255 stands/),
    ]);
    await writeFiles(root, { 'masks/a.png': indexMask([0, 1, 255, 255], 4, 1) });
    expect((await verifyDataset(await openDataset(root), { workers: 0 })).report.notices).toEqual([]);
  });

  it.each([0, 2])('lists all bad files in one error with %i workers', async (workers) => {
    const root = await soundDataset(7, 40, 30);
    await writeFiles(root, {
      'masks/a.png': indexMask(new Array(1200).fill(9), 40, 30),
      'masks/b.png': stripes(30, 40),
      'masks/c.png': 'text',
      'images/d.png': (await noiseJpeg(40, 30)).subarray(0, -300),
      'masks/d.png': stripes(41, 30),
      'masks/e.png': await noiseJpeg(40, 30),
      'masks/f.png': png({ width: 40, height: 30, samples: new Array(1200).fill(3), colorType: 0 }).subarray(
        0,
        60,
      ),
    });
    const error = await errorOf(verifyDataset(await openDataset(root), { workers }));
    expect(error).toMatchObject({ name: 'OtxError', code: 'dataset' });
    const lines = error.message.replaceAll(root, 'ROOT').split('\n');
    expect(lines[0]).toBe('ROOT: 6 problems. Mend, replace or remove the files');
    expect(lines.slice(1)).toEqual([
      expect.stringContaining(
        'ROOT/masks/a.png has value 9 without a class in 1200 pixels (expected 0..2, or 255',
      ),
      expect.stringMatching(
        /ROOT\/masks\/b.png is 30x40 but its image ROOT\/images\/b.png is 40x30; the mask looks turned/,
      ),
      expect.stringContaining('ROOT/masks/c.png cannot be read as an image (not JPEG'),
      expect.stringMatching(/ROOT\/images\/d.png cannot be read as an image \(truncated/),
      expect.stringContaining('ROOT/masks/e.png is a JPEG mask'),
      expect.stringMatching(/ROOT\/masks\/f.png cannot be read as an image/),
    ]);
  });

  it('refuses to learn from background alone, and only to learn', async () => {
    const root = await soundDataset(1, 4, 1);
    await writeFiles(root, { 'masks/a.png': indexMask([0, 0, 0, 0], 4, 1) });
    const dataset = await openDataset(root);
    expect((await errorOf(verifyDataset(dataset, { workers: 0, isForTraining: true }))).message).toMatch(
      /every pixel of its 1 masks is background, so there is nothing to learn/,
    );
    const { notices } = (await verifyDataset(dataset, { workers: 0 })).report;
    expect(notices).toEqual([
      'all pixels that are not ignored are background, so that there is nothing to tell apart',
    ]);
  });

  it('refuses masks in which everything is ignored', async () => {
    const root = await soundDataset(2, 4, 1);
    const ignored = indexMask([255, 255, 255, 255], 4, 1);
    await writeFiles(root, { 'masks/a.png': ignored, 'masks/b.png': ignored });
    const error = await errorOf(verifyDataset(await openDataset(root), { workers: 0 }));
    expect(error).toMatchObject({ code: 'dataset' });
    expect(error.message).toContain('every pixel of its 2 masks is 255 (ignore)');
  });

  it('reads values by the keys of label_map, and shows them', async () => {
    const root = await soundDataset(1, 4, 1);
    await writeFiles(root, {
      'dataset_meta.json': { label_map: { '0': 'background', '7': 'car' } },
      'masks/a.png': indexMask([0, 7, 7, 0], 4, 1),
    });
    const { report } = await verifyDataset(await openDataset(root), { workers: 0 });
    expect(formatReport(report).split('\n').slice(1)).toEqual([
      '  class  name        value  pixels  images',
      '      0  background      0  50.0 %       1',
      '      1  car             7  50.0 %       1',
    ]);
  });

  it('stops when the signal fires', async () => {
    const dataset = await openDataset(await soundDataset(3));
    const abort = new AbortController();
    const check = verifyDataset(dataset, {
      workers: 1,
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    expect(await errorOf(check)).toMatchObject({ code: 'aborted' });
  });

  it('notes defects that could be decoded around', async () => {
    const root = await soundDataset(1, 4, 4);
    const sound = await noiseJpeg(40, 40);
    await writeFiles(root, {
      'images/b.jpg': Buffer.concat([sound.subarray(0, 2), Buffer.from([1, 2, 3]), sound.subarray(2)]),
      'masks/b.png': stripes(40, 40),
    });
    const { report } = await verifyDataset(await openDataset(root), { workers: 0 });
    expect(formatReport(report)).toMatch(/note: 1 images have defects that were decoded around: .*b\.jpg/);
  });
});
