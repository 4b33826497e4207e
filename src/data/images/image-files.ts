/** @file Finds the image files below a folder. */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * File endings taken for images. Wider than what can be decoded: a `.bmp` must be reported as undecodable, not
 * overlooked.
 */
const EXTENSIONS = new Set(
  (
    'jpg jpeg jpe jfif jp2 png apng bmp dib tif tiff tga webp gif avif heic heif pfm sr ras exr hdr pic pbm pgm ppm pxm ' +
    'pnm svg'
  ).split(' '),
);

/** An image file, `relative` to the searched folder with forward slashes; `stem` is the same without extension. */
export interface ImageFile {
  /** As the folder was given, with the way to the file behind it. */
  readonly path: string;
  /** Below the folder. */
  readonly relative: string;
  /** Accents in one spelling, whatever that of the file system. */
  readonly stem: string;
}

/**
 * All image files below `folder`, symbolic links followed, hidden files skipped, sorted by relative path.
 * A missing folder gives none.
 */
export async function findImages(folder: string): Promise<ImageFile[]> {
  const found: ImageFile[] = [];
  const visited = new Set<string>();

  const walk = async (path: string, prefix: string): Promise<void> => {
    const real = await realpath(path);
    if (visited.has(real)) return;
    visited.add(real);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const child = join(path, entry.name);
      const kind = await kindOf(entry, child);
      if (kind === 'folder') await walk(child, `${prefix}${entry.name}/`);
      else if (kind === 'file' && isImageName(entry.name)) {
        const relative = prefix + entry.name;
        // File systems differ in how they spell accents; names are compared in one spelling.
        const stem = relative.slice(0, relative.lastIndexOf('.')).normalize('NFC');
        found.push({ path: child, relative, stem });
      }
    }
  };

  if (await isFolder(folder)) await walk(folder, '');
  return found.sort((a, b) => (a.relative < b.relative ? -1 : 1));
}

/** Whether the path exists and is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory() ?? false;
}

function isImageName(name: string): boolean {
  return EXTENSIONS.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase()) && name.includes('.');
}

async function kindOf(entry: Dirent, path: string): Promise<'folder' | 'file' | 'other'> {
  const facts = entry.isSymbolicLink() ? await statOf(path) : entry;
  // A link whose target is gone counts as a file, so that reading it reports the name.
  if (facts === undefined || facts.isFile()) return 'file';
  return facts.isDirectory() ? 'folder' : 'other';
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}
