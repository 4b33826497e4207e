/** @file The image of a sample, wherever it is. */

import { drawFormulaPicture } from '../../synthesis/formula/picture.js';
import type { DecodedImage, Sample } from '../types.js';
import { type ImageCache, readCachedImage } from './image-cache.js';
import { type LookedAt, lookAtImage, readImage } from './read-image.js';

/** Where the image of a sample is, and how it is read. */
type Pictured = Pick<Sample, 'imagePath' | 'pixels' | 'drawn' | 'reading' | 'width' | 'height'>;

/**
 * @param imageCache where copies of the files are read in their place.
 * @throws OtxError `image` as {@link readImage}.
 */
export async function readSampleImage(
  { imagePath, pixels, drawn, reading, width, height }: Pictured,
  imageCache?: ImageCache,
): Promise<DecodedImage> {
  if (drawn) return { data: drawFormulaPicture(drawn).image, width, height };
  if (pixels) return { data: pixels.image, width, height };
  return imageCache ? readCachedImage(imagePath, imageCache, reading) : readImage(imagePath, reading);
}

/** The same without knowing the range of its samples. @throws OtxError `image` as {@link lookAtImage} */
export async function lookAtSample({
  imagePath,
  pixels,
  drawn,
  reading,
  width,
  height,
}: Pictured): Promise<LookedAt> {
  if (!pixels && !drawn) return lookAtImage(imagePath, reading);
  return { width, height, warning: undefined, data: pixels?.image, numbers: undefined, orientation: 1 };
}
