/** @file The data threads' part in pseudo masks: one image, one mask. */
import { messageOf } from '../../base/errors.js';
import { readBytes } from '../images/decoder.js';
import { type ImageCache, readCachedImage } from '../images/image-cache.js';
import { readImage } from '../images/read-image.js';
import type { DecodedImage, ImageReading, LabeledImage, Sample } from '../types.js';
import { PSEUDO_MASK_SETTINGS, segmentImage } from './felzenszwalb.js';
import { describeOrigin, encodePseudoMask, readFittingMask } from './pseudo-mask-file.js';

export interface PseudoMaskTask {
  readonly imagePath: string;
  readonly maskPath: string;
  readonly reading?: ImageReading | undefined;
}

export interface PseudoMaskTaskResult {
  /** The bytes of the mask's file; undefined when the mask that was there fits. */
  readonly mask: Uint8Array | undefined;
  /** What is wrong with the image. */
  readonly problem: string | undefined;
  readonly warning: string | undefined;
}

/** Makes the pseudo mask of an image, unless there is one that fits. A bad image is given back, not thrown. */
export async function makePseudoMask({
  imagePath,
  maskPath,
  reading,
}: PseudoMaskTask): Promise<PseudoMaskTaskResult> {
  try {
    const origin = describeOrigin(await readBytes(imagePath), PSEUDO_MASK_SETTINGS, reading);
    if (await readFittingMask(maskPath, imagePath, origin)) {
      return { mask: undefined, problem: undefined, warning: undefined };
    }
    const image = await readImage(imagePath, reading);
    const { ids } = segmentImage(image.data, image, PSEUDO_MASK_SETTINGS);
    const mask = await encodePseudoMask(ids, image, origin);
    return { mask, problem: undefined, warning: image.warning };
  } catch (error) {
    return { mask: undefined, problem: messageOf(error), warning: undefined };
  }
}

/**
 * An image with its pseudo mask. A mask that has gone or no longer fits, for instance because another training has put its
 * own in its place, is made again in memory: batches do not depend on the state of the folder.
 * @param imageCache where a copy of the image is read in its place; the mask is that of the image itself.
 * @throws OtxError `image` naming the image when it cannot be read.
 */
export async function readSegmentedImage(
  { imagePath, maskPath, reading }: Pick<Sample, 'imagePath' | 'maskPath' | 'reading'>,
  imageCache?: ImageCache,
): Promise<LabeledImage> {
  const origin = describeOrigin(await readBytes(imagePath), PSEUDO_MASK_SETTINGS, reading);
  const found = await readFittingMask(maskPath, imagePath, origin);
  const mask = found?.data ?? segmentIds(await readImage(imagePath, reading));
  const { data, width, height } = imageCache
    ? await readCachedImage(imagePath, imageCache, reading)
    : await readImage(imagePath, reading);
  return { image: data, mask, width, height };
}

function segmentIds(image: DecodedImage): Uint8Array {
  return Uint8Array.from(segmentImage(image.data, image, PSEUDO_MASK_SETTINGS).ids);
}
