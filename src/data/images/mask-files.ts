/** @file Which image files of a folder are the masks of others, by their names. */
import type { ImageFile } from './image-files.js';

const SUFFIX = /[_.-](masks?|seg|segmentations?|labels?|gt)$/i;

/** Files in a folder `masks` beside one called `images` with files of the same names, and those such as `a_mask.png` beside `a.jpg`. */
export function maskFiles(files: readonly ImageFile[]): ReadonlySet<ImageFile> {
  const stems = new Set(files.map(({ stem }) => stem));
  const isMask = ({ stem }: ImageFile) => {
    const parts = stem.split('/');
    const isInMasks = parts.some(
      (part, at) =>
        part === 'masks' && stems.has([...parts.slice(0, at), 'images', ...parts.slice(at + 1)].join('/')),
    );
    return isInMasks || (SUFFIX.test(stem) && stems.has(stem.replace(SUFFIX, '')));
  };
  return new Set(files.filter(isMask));
}
