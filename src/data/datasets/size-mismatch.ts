/** @file The words for a mask of another size than its image. */
import type { Size } from '../transforms/geometry.js';

/** What is wrong, naming both files; undefined when nothing is. */
export function sizeMismatch(
  { imagePath, maskPath }: { readonly imagePath: string; readonly maskPath: string },
  image: Size,
  mask: Size,
): string | undefined {
  if (image.width === mask.width && image.height === mask.height) return undefined;
  const turned =
    image.width === mask.height && image.height === mask.width
      ? '; the mask looks turned: EXIF orientation is applied to images, so draw masks on the upright image, or turn them with ' +
        '--assume masks-raw'
      : '; save the mask at the size of the image, without interpolation, which invents values';
  return (
    `${maskPath} is ${mask.width}x${mask.height} but its image ${imagePath} is ` +
    `${image.width}x${image.height}${turned}`
  );
}
