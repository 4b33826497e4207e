import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Random } from '../../base/random.js';
import { errorOf, indexMask, noise, png, temporaryFolder, writeFiles } from '../datasets/fixtures.cases.js';
import { openDataset } from '../datasets/open-dataset.js';
import { decodeImage } from '../images/read-image.js';
import { groupAlike } from './group-alike.js';
import { hashDistance, perceptualHash } from './perceptual-hash.js';
import { formatList, listedSamples } from './sample-lists.js';
import { splitDataset } from './split-dataset.js';
import { type Group, stratify } from './stratify.js';

/** A picture of soft blobs, as photographs have them. */
async function blobs(seed: number, width = 180, height = 120): Promise<Buffer> {
  return sharp(noise(5, 4, seed), { raw: { width: 5, height: 4, channels: 3 } })
    .resize(width, height, { kernel: 'cubic' })
    .png()
    .toBuffer();
}

const hashOf = async (bytes: Buffer) => perceptualHash(await decodeImage(bytes, 'picture'));

describe('fingerprints', () => {
  it('hardly change with size, compression and brightness, and differ between pictures', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const hash = await hashOf(await blobs(seed));
      const changed = [
        await sharp(await blobs(seed))
          .resize(300, 200)
          .jpeg({ quality: 60 })
          .toBuffer(),
        await sharp(await blobs(seed))
          .linear(0.8, 10)
          .png()
          .toBuffer(),
      ];
      for (const bytes of changed) expect(hashDistance(hash, await hashOf(bytes))).toBeLessThanOrEqual(4);
      expect(hashDistance(hash, await hashOf(await blobs(seed + 100)))).toBeGreaterThan(16);
    }
  });

  it('count the bits that differ', () => {
    expect(hashDistance('0000000000000000', 'ffffffffffffffff')).toBe(64);
    expect(hashDistance('80000000f0000001', '00000000f0000000')).toBe(2);
  });
});

describe('images that belong together', () => {
  const hash = (n: number) => n.toString(16).padStart(16, '0');
  const far = [
    '0'.repeat(16),
    'f'.repeat(16),
    '0f'.repeat(8),
    'f0'.repeat(8),
    '3c'.repeat(8),
    'c3'.repeat(8),
  ];

  it('are duplicates wherever they are, also in chains', () => {
    const images = [hash(0), far[1]!, hash(0b1111), hash(0), hash(0b11111111)].map((each, i) => ({
      id: `${'abcde'[i]}`,
      hash: each,
    }));
    expect(groupAlike(images)).toEqual([[0, 2, 3, 4], [1]]);
  });

  it('are frames of a sequence when numbers and looks are near', () => {
    const near = '00000000000003ff';
    const images = [
      { id: 'a/clip_009', hash: far[0]! },
      { id: 'a/clip_010', hash: near },
      { id: 'b/clip_011', hash: near.replace('3ff', '0ff').replace(/^0/, 'f') },
      { id: 'a/clip_500', hash: '00000000000fffff' },
      { id: 'img1', hash: far[2]! },
      { id: 'img2', hash: far[3]! },
    ];
    expect(groupAlike(images)).toEqual([[0, 1], [2], [3], [4], [5]]);
  });

  it('are found among all pairs', () => {
    const random = new Random('hashes');
    const images = Array.from({ length: 300 }, (_, i) => {
      let bits = BigInt(i % 60) * 0x1234567890abcdn;
      for (let k = random.integer(3); k > 0; k--) bits ^= 1n << BigInt(random.integer(64));
      return {
        id: `${'x'.repeat(i % 7)}y${i}z`,
        hash: BigInt.asUintN(64, bits).toString(16).padStart(16, '0'),
      };
    });
    const groups = groupAlike(images);
    const groupOf = new Map(groups.flatMap((group, g) => group.map((at) => [at, g] as const)));
    images.forEach((a, i) => {
      images.forEach((b, j) => {
        if (hashDistance(a.hash, b.hash) <= 4) expect(groupOf.get(i)).toBe(groupOf.get(j));
      });
    });
  });

  it('does not join what cannot be read', () => {
    expect(groupAlike([1, 2, 3].map((i) => ({ id: `a${i}`, hash: '' })))).toEqual([[0], [1], [2]]);
  });
});

describe('stratify', () => {
  const group = (images: number, ...classes: number[]): Group => ({
    images,
    shown: new Map(classes.map((cls) => [cls, images])),
  });

  it('gives every part its share of every class', () => {
    const random = new Random('groups');
    const groups = Array.from({ length: 200 }, (_, i) => {
      const rare = i % 20 === 0 ? [2] : [];
      return group(1, 0, ...(random.chance(0.5) ? [1] : []), ...rare);
    });
    const parts = stratify(groups, [0.8, 0.2], 7);
    const share = (cls: number) => {
      const shown = groups.map(({ shown }) => shown.has(cls));
      const validated = parts.filter((part, i) => part === 1 && shown[i]).length;
      return validated / shown.filter(Boolean).length;
    };
    expect(share(2)).toBeCloseTo(0.2, 5);
    expect(Math.abs(share(1) - 0.2)).toBeLessThan(0.02);
    expect(Math.abs(share(0) - 0.2)).toBeLessThan(0.02);
  });

  it('is decided by the seed alone', () => {
    const groups = Array.from({ length: 50 }, (_, i) => group(1 + (i % 3), i % 4));
    const parts = stratify(groups, [0.5, 0.5], 1);
    expect(stratify(groups, [0.5, 0.5], 1)).toEqual(parts);
    expect(stratify(groups, [0.5, 0.5], 2)).not.toEqual(parts);
  });

  it('leaves the single image of a class to learn from, and deals out images without any', () => {
    expect(stratify([group(1, 5), group(1), group(1), group(1), group(1)], [0.8, 0.2], 1)[0]).toBe(0);
    expect(
      stratify(
        Array.from({ length: 10 }, () => group(1)),
        [0.8, 0.2],
        1,
      ).filter((part) => part === 1),
    ).toHaveLength(2);
  });
});

/** Ten pictures with two classes each, every one of them twice. */
async function doubled(): Promise<string> {
  const root = await temporaryFolder();
  await writeFiles(root, { 'dataset_meta.json': { labels: ['background', 'car', 'tree'] } });
  for (let i = 0; i < 10; i++) {
    const [bytes, mask] = [await blobs(i), indexMask(new Array(180 * 120).fill(i < 2 ? 2 : i % 2), 180, 120)];
    await writeFiles(root, {
      [`images/${i}.png`]: bytes,
      [`images/copy of ${i}.jpg`]: await sharp(bytes).jpeg().toBuffer(),
      [`masks/${i}.png`]: mask,
      [`masks/copy of ${i}.png`]: mask,
    });
  }
  return root;
}

describe('splitDataset', () => {
  it('keeps copies together, gives both parts every class, and the same each time', async () => {
    const dataset = await openDataset(await doubled());
    const { train, validation, groups } = await splitDataset(dataset, { share: 0.5, seed: 3, workers: 0 });
    expect(groups).toBe(10);
    expect(validation.samples).toHaveLength(10);
    const ids = validation.samples.map(({ id }) => id);
    for (const id of ids) expect(ids).toContain(id.startsWith('copy') ? id.slice(-1) : `copy of ${id}`);
    const shows = (samples: typeof train.samples) =>
      new Set(samples.map(({ id }) => (Number(id.slice(-1)) < 2 ? 2 : Number(id.slice(-1)) % 2)));
    expect(shows(train.samples)).toEqual(new Set([0, 1, 2]));
    expect(shows(validation.samples)).toEqual(new Set([0, 1, 2]));
    const again = await splitDataset(dataset, { share: 0.5, seed: 3, workers: 1 });
    expect(again.validation.samples).toEqual(validation.samples);
    const other = await splitDataset(dataset, { share: 0.5, seed: 4, workers: 0 });
    expect(other.validation.samples).not.toEqual(validation.samples);
  });

  it('makes folds of which each image is in one', async () => {
    const dataset = await openDataset(await doubled());
    const folds = await Promise.all(
      [1, 2, 3].map((fold) => splitDataset(dataset, { folds: 3, fold, seed: 3, workers: 0 })),
    );
    const ids = folds.flatMap(({ validation }) => validation.samples.map(({ id }) => id));
    expect(ids.sort()).toEqual(dataset.samples.map(({ id }) => id).sort());
    for (const { train, validation } of folds)
      expect(train.samples.length + validation.samples.length).toBe(20);
  });

  it('says when images cannot be divided', async () => {
    const root = await temporaryFolder();
    const flat = png({ width: 4, height: 4, samples: new Array(16).fill(7), colorType: 0 });
    await writeFiles(root, { 'dataset_meta.json': { labels: ['background', 'car'] } });
    for (const name of ['a', 'b']) {
      await writeFiles(root, {
        [`images/${name}.png`]: flat,
        [`masks/${name}.png`]: indexMask(new Array(16).fill(1), 4, 4),
      });
    }
    const error = await errorOf(splitDataset(await openDataset(root), { seed: 1, workers: 0 }));
    expect(error.message).toMatch(/its 2 images are all alike, which cannot be divided into 2 parts/);
  });
});

describe('lists', () => {
  it('name images by id, file or path, and are read as they are written', async () => {
    const root = await doubled();
    const dataset = await openDataset(root);
    const list = async (text: string) => {
      await writeFiles(root, { 'list.txt': text });
      return [...(await listedSamples(dataset, join(root, 'list.txt')))].map(({ id }) => id);
    };
    expect(await list('# some\n1\r\n\nimages/2.png\ncopy of 3.jpg\n')).toEqual(['1', '2', 'copy of 3']);
    expect(await list(`${join(root, 'images/4.png')}\n`)).toEqual(['4']);
    expect(await list(formatList(dataset.samples))).toEqual(dataset.samples.map(({ id }) => id));
    await expect(list('nothing\n../../etc/passwd')).rejects.toThrow(
      /2 problems.*names nothing, which is not in/s,
    );
    await expect(list('# nothing\n')).rejects.toThrow(/names no image/);
  });
});
