/** @file The data threads' part in two views: one batch, from files or pixels kept in memory to network inputs. */
import { OtxError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { type AugmentationName, createAugmentation } from '../augmentation.js';
import { sizeMismatch } from '../datasets/size-mismatch.js';
import { readLabels } from '../formats/read-labels.js';
import type { ImageCache } from '../images/image-cache.js';
import { readSampleImage } from '../images/sample-image.js';
import { readSegmentedImage } from '../superpixels/make-pseudo-mask.js';
import type { Size } from '../transforms/geometry.js';
import { windowOf } from '../transforms/random-window.js';
import type { RareCrops } from '../transforms/rare-crop.js';
import type { LabeledImage, MaskCoding, Sample } from '../types.js';
import { IGNORE_INDEX } from '../types.js';
import { drawRegionIds, poolRegions, REGION_SAMPLES } from '../views/regions.js';
import { type View, writeView } from '../views/two-views.js';
import { writeWhole } from '../views/whole-view.js';
import { readLargeWindow } from './large-window.js';
import { labeledInSharedMemory } from './shared-memory.js';

export interface ViewTask {
  readonly items: readonly {
    readonly sample: Sample;
    /** Seed of the views. */
    readonly seed: string;
    /** Pixels from an earlier batch, in shared memory. */
    readonly decoded?: LabeledImage | undefined;
    /** Whether the pixels, if decoded now, are to be given back in shared memory. */
    readonly keep: boolean;
  }[];
  /** How masks are read; undefined for pseudo masks. */
  readonly coding: MaskCoding | undefined;
  /** 1: only the first view, without regions; `whole`: in its place the whole image, sharp and in its own colours. */
  readonly views: 1 | 2 | 'whole';
  /** `views`: the two of contrastive training; with another augmentation both views are made by it. */
  readonly augmentation: AugmentationName;
  /** Side of the square network input, in pixels. */
  readonly size: number;
  /** Pixels per position of the features. */
  readonly stride: number;
  /** Of larger images a window of this size is learned from. */
  readonly tile?: Size | undefined;
  /** How often crops are laid around rare classes, by an augmentation that crops. */
  readonly rareCrops?: RareCrops | undefined;
  /** What the sigma of blobs and blurs is multiplied with. Default 1. */
  readonly sigmaScale?: number | undefined;
  /** Where copies of images are read in their place. */
  readonly imageCache?: ImageCache | undefined;
}

export interface ViewTaskResult {
  /** `[V * N, 3, S, S]`: all first views before all second views. */
  readonly images: Float32Array<ArrayBuffer>;
  /** `[V * N, S, S]` */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** `[V * N, h, w]` with h = w = ceil(S / stride); of no images where there is only one view. */
  readonly regions: Uint8Array<ArrayBuffer>;
  /** `[V * N, 16]` each, likewise. */
  readonly onlineIds: Uint8Array<ArrayBuffer>;
  readonly targetIds: Uint8Array<ArrayBuffer>;
  /** Per item, the newly decoded pixels that were to be kept. */
  readonly decoded: readonly (LabeledImage | undefined)[];
}

const VIEWS: readonly View[] = [0, 1];

/** Decodes the samples of one batch and makes their views. */
export async function makeViewBatch(task: ViewTask): Promise<ViewTaskResult> {
  const { items, coding, augmentation, size, stride, tile } = task;
  const views = task.views === 2 ? 2 : 1;
  const area = size * size;
  const cells = Math.ceil(size / stride) ** 2;
  const count = views * items.length;
  const compared = views === 2 ? count : 0;
  const images = new Float32Array(count * 3 * area);
  const labels = new Uint8Array(count * area);
  const regions = new Uint8Array(compared * cells);
  const onlineIds = new Uint8Array(compared * REGION_SAMPLES);
  const targetIds = new Uint8Array(compared * REGION_SAMPLES);
  const decoded: (LabeledImage | undefined)[] = [];
  const write = writerOf(task);
  // Pseudo masks use every number; but other augmentations mark their padding by the label that masks of classes ignore.
  const ignored = coding || augmentation !== 'views' ? IGNORE_INDEX : undefined;
  for (const [n, item] of items.entries()) {
    const isNew = item.decoded === undefined;
    const drawn = { tile, seed: item.seed };
    // Regions of pseudo masks are found in whole images.
    const part =
      coding && isNew && !item.keep ? await readLargeWindow(item.sample, coding, drawn) : undefined;
    let source = part ?? item.decoded ?? (await readSource(item.sample, task));
    const isKept = item.keep && isNew;
    if (isKept) source = labeledInSharedMemory(source);
    decoded.push(isKept ? source : undefined);
    source = part ?? windowOf(source, tile, item.seed);

    for (const view of VIEWS.slice(0, views)) {
      const at = view * items.length + n;
      // Each view has a stream of its own, so that the first is the same with and without the second.
      const random = new Random(`${item.seed}:view ${view}`);
      const mask = labels.subarray(at * area, (at + 1) * area);
      const planes = images.subarray(at * 3 * area, (at + 1) * 3 * area);
      write(source, view, random, { planes, labels: mask, side: size });
      if (views === 1) continue;
      const pooled = poolRegions(mask, size, stride);
      const ids = drawRegionIds(pooled, random, ignored);
      regions.set(pooled, at * cells);
      onlineIds.set(ids.online, at * REGION_SAMPLES);
      targetIds.set(ids.target, at * REGION_SAMPLES);
    }
  }
  return { images, labels, regions, onlineIds, targetIds, decoded };
}

/** What makes the views; by an augmentation each has draws of its own. */
function writerOf({ views, augmentation, size, rareCrops, sigmaScale }: ViewTask): typeof writeView {
  if (views === 'whole') return (source, _view, random, input) => writeWhole(source, random, input);
  if (augmentation === 'views') {
    return (source, view, random, input) => writeView(source, view, random, input, sigmaScale);
  }
  const augment = createAugmentation(augmentation, size, rareCrops, sigmaScale);
  return (source, _view, random, input) => augment(source, random, input);
}

async function readSource(sample: Sample, { coding, imageCache }: ViewTask): Promise<LabeledImage> {
  const { imagePath, maskPath } = sample;
  if (!coding) return readSegmentedImage(sample, imageCache);
  const image = await readSampleImage(sample, imageCache);
  const mask = await readLabels(sample, coding);
  const mismatch = sizeMismatch({ imagePath, maskPath }, image, mask);
  if (mismatch) throw new OtxError('image', mismatch);
  return { image: image.data, mask: mask.data, width: image.width, height: image.height };
}
