/** @file Generated scenes in some of which the annotation is wrong, in the ways in which people err. For tests and experiments. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../base/random.js';
import sharp from '../../data/images/sharp.js';
import { connectedRegions, type Region } from '../../data/masks/connected-regions.js';
import { generateScene } from '../../demo/generate.js';
import { SCENE_CLASSES } from '../../demo/streets/scene.js';

/** An object of another class, one that was not drawn, and a mask that is not where its image is. */
export const NOISE_KINDS = ['swapped', 'missing', 'shifted'] as const;
export type NoiseKind = (typeof NOISE_KINDS)[number];

export interface NoisyScenes {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  /** Pictures of a subset, and how many of them have a wrong mask: the kinds take turns. */
  readonly subsets: Readonly<Record<string, { readonly images: number; readonly wrong: number }>>;
}

/** What was planted where. */
export interface PlantedNoise {
  readonly subset: string;
  /** Of the image, without its extension. */
  readonly name: string;
  readonly kind: NoiseKind;
  /** Share of the pixels whose label is wrong. */
  readonly share: number;
}

/** Classes of things that stand on the ground. */
const OBJECTS = ['box', 'ball', 'tree', 'cone'].map((name) =>
  SCENE_CLASSES.indexOf(name as (typeof SCENE_CLASSES)[number]),
);
/** Of the pixels: what a person would not overlook. */
const SMALLEST_OBJECT = 0.01;
/** Of the width and the height. */
const SHIFT = 0.06;

/** Writes `root/SUBSET` in the Common Semantic Segmentation layout, and gives what is wrong in it. */
export async function writeNoisyScenes(root: string, scenes: NoisyScenes): Promise<PlantedNoise[]> {
  const planted: PlantedNoise[] = [];
  for (const [subset, { images, wrong }] of Object.entries(scenes.subsets)) {
    const folder = join(root, subset);
    for (const name of ['images', 'masks']) await mkdir(join(folder, name), { recursive: true });
    const meta = { label_map: Object.fromEntries(SCENE_CLASSES.map((name, index) => [index, name])) };
    await writeFile(join(folder, 'dataset_meta.json'), JSON.stringify(meta));
    planted.push(...(await writeSubset(folder, subset, images, wrong, scenes)));
  }
  return planted;
}

async function writeSubset(
  folder: string,
  subset: string,
  images: number,
  wrong: number,
  { width, height, seed }: NoisyScenes,
): Promise<PlantedNoise[]> {
  const planted: PlantedNoise[] = [];
  const chosen = new Set(
    new Random(`${seed}:${subset}:wrong`)
      .shuffle(Array.from({ length: images }, (_, i) => i))
      .slice(0, wrong),
  );
  let turn = 0;
  for (let at = 0; at < images; at++) {
    const name = `scene-${String(at + 1).padStart(4, '0')}`;
    let scene = generateScene(`${seed}:${subset}:${name}`, width, height);
    let mask: Uint8Array = scene.mask;
    if (chosen.has(at)) {
      const kind = NOISE_KINDS[turn++ % NOISE_KINDS.length]!;
      // A picture without a fit object is drawn again.
      for (let again = 1; ; again++) {
        const noisy = plant(scene.mask, width, kind, new Random(`${seed}:${subset}:${name}:${kind}`));
        if (noisy) {
          mask = noisy;
          break;
        }
        scene = generateScene(`${seed}:${subset}:${name}:${again}`, width, height);
      }
      const differs = mask.reduce((sum, label, i) => sum + (label === scene.mask[i] ? 0 : 1), 0);
      planted.push({ subset, name, kind, share: differs / mask.length });
    }
    const image = sharp(scene.image, { raw: { width, height, channels: 3 } }).jpeg({ quality: 92 });
    await writeFile(join(folder, 'images', `${name}.jpg`), await image.toBuffer());
    const png = sharp(mask, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png();
    await writeFile(join(folder, 'masks', `${name}.png`), await png.toBuffer());
  }
  return planted;
}

/** The mask with an error of that kind; undefined where the picture shows nothing that fits. */
export function plant(
  mask: Uint8Array,
  width: number,
  kind: NoiseKind,
  random: Random,
): Uint8Array | undefined {
  if (kind === 'shifted') return shifted(mask, width);
  const { regions, indices } = connectedRegions(mask, width);
  const fit = regions.flatMap((region, index) =>
    OBJECTS.includes(region.label) && region.area >= SMALLEST_OBJECT * mask.length ? [index] : [],
  );
  if (fit.length === 0) return undefined;
  const chosen = fit[random.integer(fit.length)]!;
  const { label } = regions[chosen] as Region;
  const others = OBJECTS.filter((other) => other !== label);
  const instead =
    kind === 'swapped' ? others[random.integer(others.length)]! : around(mask, width, indices, chosen);
  return mask.map((value, i) => (indices[i] === chosen ? instead : value));
}

/** The class that most pixels beside a region have. */
function around(mask: Uint8Array, width: number, indices: Int32Array, region: number): number {
  const counts = new Array<number>(256).fill(0);
  for (let i = 0; i < mask.length; i++) {
    if (indices[i] !== region) continue;
    for (const near of [i - 1, i + 1, i - width, i + width]) {
      if (near >= 0 && near < mask.length && indices[near] !== region) counts[mask[near]!]! += 1;
    }
  }
  return counts.indexOf(Math.max(...counts));
}

function shifted(mask: Uint8Array, width: number): Uint8Array {
  const height = mask.length / width;
  const [right, down] = [Math.round(SHIFT * width), Math.round(SHIFT * height)];
  return mask.map((_, i) => {
    const x = Math.max((i % width) - right, 0);
    const y = Math.max(Math.floor(i / width) - down, 0);
    return mask[y * width + x]!;
  });
}
