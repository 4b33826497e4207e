/** @file Training augmentations by name: each augmentation turns a sample of any size into one square network input. */
import { OtxError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { randomFlip } from './transforms/flip.js';
import { maskCompose } from './transforms/mask-compose.js';
import { fillInput, type NetworkInput } from './transforms/normalize.js';
import { cropMask, drawCropWindow } from './transforms/random-crop.js';
import { type DrawSize, drawScaledSize, drawSquareSize } from './transforms/random-scale.js';
import { drawRareWindow, type RareCrops, SMALLEST_RARE_SCALE } from './transforms/rare-crop.js';
import { resizeImage, resizeMask } from './transforms/resize.js';
import { randomRotate } from './transforms/rotate.js';
import { randomRotateSample } from './transforms/rotate-sample.js';
import type { Transform } from './transforms/transform.js';
import type { LabeledImage } from './types.js';
import { writeView } from './views/two-views.js';

/** Side at scale 1 and crop size of the reference; other crop sizes keep the ratio. */
const REFERENCE_BASE = 544;
const REFERENCE_CROP = 512;

/** How large blobs and blurs are: in pixels, as in the reference whatever the crop, or in parts of the crop. */
export const SIGMA_SCALES = ['fixed', 'crop'] as const;

/** One of {@link SIGMA_SCALES}. */
export type SigmaScale = (typeof SIGMA_SCALES)[number];

/** What the sigma of blobs and blurs is multiplied with for a crop size in pixels. */
export const sigmaScaleOf = (scale: SigmaScale, cropSize: number): number =>
  scale === 'crop' ? cropSize / REFERENCE_CROP : 1;

/** Augments, normalises and pads a sample into `input`, whose planes are zero before. The sample is not changed. */
export type Augmentation = (sample: LabeledImage, random: Random, input: NetworkInput) => void;

/**
 * An augmentation of the caller's own: from an image and its mask as they were read, what the network is to be shown, at most as
 * large as its input. What is smaller is padded on the right and below. The result must depend on its arguments alone, for
 * trainings to be repeatable; neither may be changed.
 *
 * @param sample HWC RGB image and HW mask of class indices, 255 for ignored pixels.
 * @param random draws that depend on seed, epoch and position.
 */
export type OwnAugmentation = (sample: LabeledImage, random: Random) => LabeledImage;

interface AugmentationEntry {
  readonly description: string;
  readonly build: (cropSize: number, rare: RareCrops | undefined, sigmaScale: number) => Augmentation;
}

const AUGMENTATIONS = {
  documented: {
    description:
      'random scale (aspect ratio not kept), crop, flip, photometric distortion, mixing of two distorted copies, ' +
      'rotation: as OTX documents it and releases up to 1.1 did it',
    build: (cropSize, rare, sigmaScale) => {
      const scaleAndCrop = randomScaleCrop(cropSize, drawSquareSize, rare);
      return (sample, random, input) => {
        fillInput(maskCompose(randomFlip(scaleAndCrop(sample, random), random), random, sigmaScale), input);
        randomRotate(input, random);
      };
    },
  },
  geometric: {
    description:
      'random scale (aspect ratio not kept), crop, flip, rotation: what semi-supervised training does to labeled images',
    build: (cropSize, rare) => {
      const scaleAndCrop = randomScaleCrop(cropSize, drawSquareSize, rare);
      return (sample, random, input) => {
        const turned = randomRotateSample(randomFlip(scaleAndCrop(sample, random), random), random);
        fillInput(turned, input);
      };
    },
  },
  plain: {
    description: 'random scale (aspect ratio kept), crop, flip: as OTX releases from 1.3 on did it',
    build: (cropSize, rare) => {
      const scaleAndCrop = randomScaleCrop(cropSize, drawScaledSize, rare);
      return (sample, random, input) => fillInput(randomFlip(scaleAndCrop(sample, random), random), input);
    },
  },
  views: {
    description:
      'one of the two views that contrastive training compares: a random part of the image (8 to 100 % of its area), colours, ' +
      'blur, solarisation, flip',
    build: (_cropSize, _rare, sigmaScale) => (sample, random, input) =>
      writeView(sample, random.chance(0.5) ? 0 : 1, random, input, sigmaScale),
  },
} satisfies Record<string, AugmentationEntry>;

export type AugmentationName = keyof typeof AUGMENTATIONS;

/** The names of all augmentations. */
export const AUGMENTATION_NAMES = Object.keys(AUGMENTATIONS) as AugmentationName[];

/** What an augmentation does, in one line. */
export function describeAugmentation(name: AugmentationName): string {
  return AUGMENTATIONS[name].description;
}

/**
 * Builds an augmentation for a crop size in pixels, which is also the side of the network input.
 *
 * @param rare how often crops are laid around rare classes. Default: never.
 * @param sigmaScale what the sigma of blobs and blurs is multiplied with. Default 1.
 */
export function createAugmentation(
  augmentation: AugmentationName | OwnAugmentation,
  cropSize: number,
  rare?: RareCrops,
  sigmaScale = 1,
): Augmentation {
  if (typeof augmentation === 'string') return AUGMENTATIONS[augmentation].build(cropSize, rare, sigmaScale);
  return (sample, random, input) => {
    const made = augmentation(sample, random);
    checkMade(made, cropSize);
    fillInput(made, input);
  };
}

/** @throws OtxError `usage` for what does not fit the input of the network. */
function checkMade({ image, mask, width, height }: LabeledImage, cropSize: number): void {
  const area = width * height;
  if (width >= 1 && height >= 1 && Math.max(width, height) <= cropSize && mask.length === area) {
    if (image.length === 3 * area) return;
  }
  throw new OtxError(
    'usage',
    `the augmentation gave ${width}x${height} pixels with ${image.length} bytes of image and ${mask.length} of mask; expected ` +
      `at most ${cropSize}x${cropSize}, with 3 bytes of image and one of mask for each pixel`,
  );
}

/** Side to which an image is resized at scale 1, for a crop size in pixels. */
export function scaleBase(cropSize: number): number {
  return Math.round((REFERENCE_BASE * cropSize) / REFERENCE_CROP);
}

/**
 * Random-scale resize followed by random crop. The two are one transform because the mask alone decides where the crop
 * lies, so that only the cropped part of the enlarged image needs to be computed.
 */
function randomScaleCrop(cropSize: number, drawSize: DrawSize, rare: RareCrops | undefined): Transform {
  const base = scaleBase(cropSize);
  return (sample: LabeledImage, random: Random): LabeledImage => {
    // Without rare crops nothing else is drawn than before there were any.
    const around = rare && random.chance(rare.share) ? rare : undefined;
    const size = drawSize(sample, base, random, around && SMALLEST_RARE_SCALE);
    const mask = resizeMask(sample.mask, sample, size);
    const window =
      (around && drawRareWindow(mask, size, cropSize, around, random)) ??
      drawCropWindow(mask, size, cropSize, random);
    return {
      image: resizeImage(sample.image, sample, size, window),
      mask: cropMask(mask, size, window),
      width: window.width,
      height: window.height,
    };
  };
}
