/** @file Files are given out of the folders of the project alone, wherever links in these lead. */

import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { OtxError } from '../../index.js';

/** Folders whose files may be shown. */
export class Inside {
  private readonly roots: string[] = [];

  /** Lets a folder in, by what it is and not by how it is named. One that is not there yet is known by its name. */
  async add(folder: string): Promise<void> {
    this.roots.push(await realpath(folder).catch(() => resolve(folder)));
  }

  /**
   * The path of a file without links.
   *
   * @throws OtxError `usage` for one that lies, or leads, outside; `image` for one that is not there.
   */
  async check(path: string): Promise<string> {
    const real = await realpath(path).catch((cause: unknown) => {
      throw new OtxError('image', `${path}: does not exist any more`, { cause });
    });
    if (this.roots.some((root) => isBelow(root, real))) return real;
    throw new OtxError('usage', `${path}: leads out of the folders of the studio, and is not shown`);
  }
}

/** Whether a path is a folder or lies in it; both absolute and without links. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return (
    way === '' ||
    (way !== '..' && !way.startsWith(`..${sep}`) && resolve(folder, way) === path && !/^[A-Za-z]:/.test(way))
  );
}
