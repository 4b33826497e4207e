/** @file Generated scenes with one fault of each kind that people's data has. For tests and experiments. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../base/random.js';
import sharp from '../../data/images/sharp.js';
import { generateScene } from '../../demo/generate.js';
import { SCENE_CLASSES } from '../../demo/streets/scene.js';
import type { Finding } from './examine-dataset.js';
import type { FindingKind } from './finding.js';

/** What was planted: the kind, and the images that have to be named, as subset and name. */
export interface PlantedFault {
  readonly fault: string;
  readonly kind: FindingKind;
  readonly images: readonly string[];
}

/** Whether a finding is about a planted fault: of its kind, with its images. */
export const isAbout = (finding: Finding, { kind, images }: PlantedFault): boolean =>
  finding.kind === kind &&
  images.every((name) =>
    kind === 'unusable'
      ? finding.message.includes(name.replace('/', '/images/'))
      : finding.images.some((image) => `${image.subset}/${image.name}` === name),
  );

export interface FaultyScenes {
  readonly width: number;
  readonly height: number;
  readonly train: number;
  readonly val: number;
  readonly seed: number;
}

interface Picture {
  readonly image: Uint8Array;
  readonly mask: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How an image is written where not as all others are. */
interface Written extends Picture {
  readonly quality?: number;
  readonly isCut?: boolean;
}

type Fault = (planting: Planting) => Promise<Omit<PlantedFault, 'fault'>>;

/** Writes `root/train` and `root/val` in the Common Semantic Segmentation layout, and gives what is wrong in them. */
export async function writeFaultyScenes(
  root: string,
  scenes: FaultyScenes,
  names: readonly string[] = Object.keys(FAULTS),
): Promise<PlantedFault[]> {
  const planting = new Planting(scenes);
  const planted: PlantedFault[] = [];
  for (const fault of names) planted.push({ fault, ...(await FAULTS[fault]!(planting)) });
  await planting.write(root);
  return planted;
}

/** The scenes, and which of them have a fault already. */
class Planting {
  readonly pictures = new Map<string, Written>();
  private readonly free: Record<string, string[]> = {};
  readonly random: Random;

  constructor(readonly scenes: FaultyScenes) {
    const { seed, width, height } = scenes;
    this.random = new Random(`${seed}:faults`);
    for (const subset of ['train', 'val'] as const) {
      const names = Array.from(
        { length: scenes[subset] },
        (_, i) => `${subset}/${String(i + 1).padStart(4, '0')}`,
      );
      for (const name of names)
        this.pictures.set(name, { ...generateScene(`${seed}:${name}`, width, height), width, height });
      this.free[subset] = this.random.shuffle(names);
    }
  }

  /** The name of a picture without a fault. */
  take(subset: 'train' | 'val' = 'train'): string {
    return this.free[subset]!.pop()!;
  }

  get(name: string): Written {
    return this.pictures.get(name)!;
  }

  change(name: string, change: Partial<Written>): void {
    this.pictures.set(name, { ...this.get(name), ...change });
  }

  async write(root: string): Promise<void> {
    const meta = { label_map: Object.fromEntries(SCENE_CLASSES.map((name, index) => [index, name])) };
    for (const subset of ['train', 'val']) {
      for (const folder of ['images', 'masks']) await mkdir(join(root, subset, folder), { recursive: true });
      await writeFile(join(root, subset, 'dataset_meta.json'), JSON.stringify(meta));
    }
    for (const [path, { image, mask, width, height, quality = 92, isCut }] of this.pictures) {
      const [subset, name] = path.split('/') as [string, string];
      const jpeg = await sharp(image, { raw: { width, height, channels: 3 } })
        .jpeg({ quality })
        .toBuffer();
      await writeFile(
        join(root, subset, 'images', `${name}.jpg`),
        isCut ? jpeg.subarray(0, jpeg.length / 2) : jpeg,
      );
      const png = sharp(mask, { raw: { width, height, channels: 1 } })
        .toColourspace('b-w')
        .png();
      await writeFile(join(root, subset, 'masks', `${name}.png`), await png.toBuffer());
    }
  }
}

const rgb = ({ image, width, height }: Picture) => sharp(image, { raw: { width, height, channels: 3 } });
const gray = ({ mask, width, height }: Picture) => sharp(mask, { raw: { width, height, channels: 1 } });

/** The picture in another size, its mask by nearest neighbour. */
async function scaled(picture: Picture, width: number, height: number): Promise<Picture> {
  const image = await rgb(picture).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  const mask = await gray(picture)
    .resize(width, height, { fit: 'fill', kernel: 'nearest' })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  return { image: new Uint8Array(image), mask: new Uint8Array(mask), width, height };
}

const mirrored = (values: Uint8Array, width: number, channels: number): Uint8Array =>
  values.map((_, i) => {
    const pixel = Math.floor(i / channels);
    const x = pixel % width;
    return values[channels * (pixel - x + width - 1 - x) + (i % channels)]!;
  });

/** A fault of one image of the training data, made by changing it. */
const ofOne =
  (
    kind: FindingKind,
    change: (picture: Picture, random: Random) => Partial<Written> | Promise<Partial<Written>>,
  ): Fault =>
  async (planting) => {
    const name = planting.take();
    planting.change(name, await change(planting.get(name), planting.random));
    return { kind, images: [name] };
  };

/** The second image becomes a copy of the first. */
const copied =
  (kind: FindingKind, to: 'train' | 'val', change: (picture: Picture) => Promise<Partial<Written>>): Fault =>
  async (planting) => {
    const [first, second] = [planting.take(), planting.take(to)];
    planting.change(second, await change(planting.get(first)));
    return { kind, images: [first, second] };
  };

export const FAULTS: Readonly<Record<string, Fault>> = {
  'saved again': copied('duplicate', 'train', async (picture) => ({ ...picture, quality: 60 })),
  'mirrored copy': copied('duplicate', 'train', async ({ image, mask, width, height }) => ({
    ...{ width, height, image: mirrored(image, width, 3), mask: mirrored(mask, width, 1) },
  })),
  leak: copied('leak', 'val', async (picture) => ({
    ...(await scaled(picture, Math.round(0.9 * picture.width), Math.round(0.9 * picture.height))),
    quality: 75,
  })),
  'labels of a copy': copied('contradiction', 'train', async (picture) => ({
    ...picture,
    mask: picture.mask.map((label) => (label === 1 ? 0 : label)),
  })),
  'nothing labeled': ofOne('unlabeled', ({ mask }) => ({ mask: new Uint8Array(mask.length) })),
  filled: ofOne('flooded', ({ mask }) => ({ mask: new Uint8Array(mask.length).fill(3) })),
  'all ignored': ofOne('ignored', ({ mask }) => ({ mask: new Uint8Array(mask.length).fill(255) })),
  exchanged: async (planting) => {
    const [first, second] = [planting.take(), planting.take()];
    const { mask } = planting.get(first);
    planting.change(first, { mask: planting.get(second).mask });
    planting.change(second, { mask });
    return { kind: 'exchanged', images: [first, second] };
  },
  'labels of another image': async (planting) => {
    const [first, second] = [planting.take(), planting.take()];
    planting.change(first, { mask: planting.get(second).mask });
    return { kind: 'same-labels', images: [first, second] };
  },
  'labels of no image': async (planting) => {
    const name = planting.take();
    const { width, height, seed } = planting.scenes;
    planting.change(name, { mask: generateScene(`${seed}:elsewhere`, width, height).mask });
    return { kind: 'astray', images: [name] };
  },
  shifted: ofOne('shifted', ({ mask, width }) => {
    const height = mask.length / width;
    const [right, down] = [Math.round(0.05 * width), Math.round(0.04 * height)];
    return {
      mask: mask.map((_, i) => {
        const x = Math.max((i % width) - right, 0);
        const y = Math.max(Math.floor(i / width) - down, 0);
        return mask[y * width + x]!;
      }),
    };
  }),
  mirrored: ofOne('turned', ({ mask, width }) => ({ mask: mirrored(mask, width, 1) })),
  'half a turn': ofOne('turned', ({ mask }) => ({ mask: mask.toReversed() })),
  specks: ofOne('specks', ({ mask, width }, random) => {
    const spotted = Uint8Array.from(mask);
    for (let n = 0; n < 25; n++) {
      const at = random.integer(mask.length - width - 1);
      for (const pixel of [at, at + 1, at + width]) spotted[pixel] = (mask[at]! + 3) % SCENE_CLASSES.length;
    }
    return { mask: spotted };
  }),
  interpolated: ofOne('blended', async (picture) => {
    const { width, height } = picture;
    const half = await gray(picture)
      .resize(Math.round(width / 2), Math.round(height / 2), { fit: 'fill', kernel: 'nearest' })
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const whole = await sharp(half.data, {
      raw: { width: half.info.width, height: half.info.height, channels: 1 },
    })
      .resize(width, height, { fit: 'fill', kernel: 'linear' })
      .toColourspace('b-w')
      .raw()
      .toBuffer();
    return { mask: new Uint8Array(whole) };
  }),
  black: ofOne('uniform', ({ image }) => ({ image: new Uint8Array(image.length) })),
  blurred: ofOne('blurred', async (picture) => ({
    image: new Uint8Array(await rgb(picture).blur(4).raw().toBuffer()),
  })),
  gray: ofOne('gray', async (picture) => {
    const values = await rgb(picture).grayscale().raw().toBuffer();
    const channels = values.length / picture.mask.length;
    return { image: Uint8Array.from(picture.image, (_, i) => values[channels * Math.floor(i / 3)]!) };
  }),
  'odd size': ofOne('size', async (picture) =>
    scaled(picture, 2 * picture.width, Math.round(0.7 * picture.height)),
  ),
  truncated: async (planting) => {
    const name = planting.take();
    planting.change(name, { isCut: true });
    return { kind: 'unusable', images: [name] };
  },
};
