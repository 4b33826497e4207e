/** @file Finds the images that an annotation names, in whatever folder of the data set they are, and nowhere else. */
import { posix } from 'node:path';
import type { ImageFile } from '../images/image-files.js';
import type { Folder } from './folder.js';

/** The images of a folder by their paths and names. */
export class ImageFinder {
  private readonly byPath = new Map<string, ImageFile>();
  private readonly byStem = new Map<string, ImageFile>();
  private readonly byName = new Map<string, ImageFile[]>();
  /** In lower case: Windows and phones do not tell a.JPG from a.jpg. */
  private readonly byLower = new Map<string, ImageFile[]>();

  private constructor(readonly images: readonly ImageFile[]) {
    for (const image of images) {
      this.byPath.set(image.relative.normalize('NFC'), image);
      this.byStem.set(image.stem, image);
      const name = posix.basename(image.relative).normalize('NFC');
      push(this.byName, name, image);
      push(this.byLower, name.toLowerCase(), image);
    }
  }

  static async of(folder: Folder): Promise<ImageFinder> {
    return new ImageFinder(await folder.images());
  }

  /**
   * The image of a name: at this path below one of the places, or the only file of the data set that is called so. Paths
   * of other machines are so found by their last part.
   *
   * @param name a path or name, with or without ending.
   * @param places folders to look in first, with forward slashes.
   */
  find(name: string, places: readonly string[]): ImageFile | undefined {
    const asked = name.replaceAll('\\', '/').normalize('NFC');
    return this.look(asked, places) ?? (asked.includes('%') ? this.look(decoded(asked), places) : undefined);
  }

  private look(asked: string, places: readonly string[]): ImageFile | undefined {
    for (const place of places) {
      const path = posix.join(place, asked);
      const found = this.byPath.get(path) ?? this.byStem.get(path);
      if (found) return found;
    }
    const base = posix.basename(asked);
    for (const files of [this.byName.get(base), this.byLower.get(base.toLowerCase())]) {
      if (files) return files.length === 1 ? files[0] : undefined;
    }
    return undefined;
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Names from addresses have %20 where there is a space. */
export function decoded(address: string): string {
  try {
    return decodeURIComponent(address).normalize('NFC');
  } catch {
    return address;
  }
}

/** A problem in the words that all formats use. */
export const imageMissing = (source: string, name: string, root: string): string =>
  `${source}: names the image ${JSON.stringify(name)}, which is not in ${root}`;

/** A path without its ending, as samples are called. */
export const stemOf = (path: string): string => {
  const name = path.replaceAll('\\', '/').normalize('NFC');
  return name.slice(0, name.length - posix.extname(name).length);
};
