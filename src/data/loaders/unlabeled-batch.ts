/** @file The data threads' part in unlabeled images: one batch, from files or pixels kept in memory to views. */
import { Random } from '../../base/random.js';
import { type ImageCache, readCachedImage } from '../images/image-cache.js';
import { readImage } from '../images/read-image.js';
import { cutMix, drawMixWindow } from '../transforms/cut-mix.js';
import type { Size } from '../transforms/geometry.js';
import { pictureWindowOf } from '../transforms/random-window.js';
import type { DecodedImage, ImageReading } from '../types.js';
import { makeTwoStrong } from '../views/two-strong.js';
import { makeViews } from '../views/weak-strong.js';
import { readPictureWindow } from './large-window.js';
import { inSharedMemory } from './shared-memory.js';

/** One batch of unlabeled images to make. */
export interface UnlabeledTask {
  readonly items: readonly {
    readonly imagePath: string;
    readonly reading?: ImageReading | undefined;
    /** Seed of the views. */
    readonly seed: string;
    /** Pixels from an earlier batch, in shared memory. */
    readonly decoded?: DecodedImage | undefined;
    /** Whether the pixels, if decoded now, are to be given back in shared memory. */
    readonly keep: boolean;
  }[];
  readonly cropSize: number;
  /** Of larger images a window of this size is learned from. */
  readonly tile?: Size | undefined;
  /** What the sigma of blurs is multiplied with. Default 1. */
  readonly sigmaScale?: number | undefined;
  /** Where copies of images are read in their place. */
  readonly imageCache?: ImageCache;
}

export interface UnlabeledTaskResult {
  /** `[N, 3, S, S]` */
  readonly weak: Float32Array<ArrayBuffer>;
  /** `[N, 3, S, S]` */
  readonly strong: Float32Array<ArrayBuffer>;
  /** `[N, S, S]` */
  readonly padding: Uint8Array<ArrayBuffer>;
  /** Per item, the newly decoded pixels that were to be kept. */
  readonly decoded: readonly (DecodedImage | undefined)[];
}

export interface TwoStrongTaskResult extends UnlabeledTaskResult {
  /** `[2N, 3, S, S]`: all first strong views before all second ones, both after CutMix. */
  readonly strong: Float32Array<ArrayBuffer>;
  /** `[2N, S, S]`: 1 where a pixel of a strong view is that of the next image of the batch. */
  readonly mixed: Uint8Array<ArrayBuffer>;
}

/** Decodes the images of one batch and makes a weak and a strong view of each. */
export async function makeUnlabeledBatch(task: UnlabeledTask): Promise<UnlabeledTaskResult> {
  const { items, cropSize } = task;
  const area = cropSize * cropSize;
  const weak = new Float32Array(items.length * 3 * area);
  const strong = new Float32Array(items.length * 3 * area);
  const padding = new Uint8Array(items.length * area);
  const decoded = await eachPicture(task, (picture, seed, n) => {
    const [start, end] = [n * area, (n + 1) * area];
    makeViews(picture, new Random(seed), {
      weak: weak.subarray(3 * start, 3 * end),
      strong: strong.subarray(3 * start, 3 * end),
      padding: padding.subarray(start, end),
      side: cropSize,
    });
  });
  return { weak, strong, padding, decoded };
}

/** Decodes the images of one batch, makes a weak and two strong views of each, and mixes the strong ones by CutMix. */
export async function makeTwoStrongBatch(task: UnlabeledTask): Promise<TwoStrongTaskResult> {
  const { items, cropSize: side, sigmaScale } = task;
  const count = items.length;
  const area = side * side;
  const weak = new Float32Array(count * 3 * area);
  const strong = new Float32Array(2 * count * 3 * area);
  const padding = new Uint8Array(count * area);
  const mixed = new Uint8Array(2 * count * area);
  const planesOf = (views: Float32Array, n: number) => views.subarray(3 * n * area, 3 * (n + 1) * area);
  const decoded = await eachPicture(task, (picture, seed, n) => {
    const planes = {
      weak: planesOf(weak, n),
      strong: [planesOf(strong, n), planesOf(strong, count + n)],
      padding: padding.subarray(n * area, (n + 1) * area),
      side,
    } as const;
    makeTwoStrong(picture, new Random(seed), planes, sigmaScale);
  });
  for (const view of [0, 1]) {
    const [start, end] = [view * count * area, (view + 1) * count * area];
    cutMix(
      { images: strong.subarray(3 * start, 3 * end), mixed: mixed.subarray(start, end), side },
      items.map(({ seed }) => drawMixWindow(side, new Random(`${seed}:mix ${view}`))),
    );
  }
  return { weak, strong, padding, mixed, decoded };
}

/** Shows every image of a task as it is learned from, and gives the pixels that were to be kept. */
async function eachPicture(
  { items, imageCache, tile }: UnlabeledTask,
  show: (picture: DecodedImage, seed: string, n: number) => void,
): Promise<(DecodedImage | undefined)[]> {
  const read = (path: string, reading?: ImageReading) =>
    imageCache ? readCachedImage(path, imageCache, reading) : readImage(path, reading);
  const decoded: (DecodedImage | undefined)[] = [];
  for (const [n, item] of items.entries()) {
    const isNew = item.decoded === undefined;
    if (isNew && !item.keep && tile && !imageCache) {
      decoded.push(undefined);
      const drawn = { tile, seed: item.seed };
      show(await readPictureWindow(item.imagePath, item.reading, drawn), item.seed, n);
      continue;
    }
    let source = item.decoded ?? (await read(item.imagePath, item.reading));
    const isKept = item.keep && isNew;
    if (isKept) source = { ...source, data: inSharedMemory(source.data) };
    decoded.push(isKept ? source : undefined);
    show(pictureWindowOf(source, tile, item.seed), item.seed, n);
  }
  return decoded;
}
