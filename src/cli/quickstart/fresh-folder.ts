/** @file A new folder beside earlier ones. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes `parent/name`, or `parent/name-2`, `-3`, … if that exists; `parent` must exist. Returns its path. */
export async function freshFolder(parent: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(parent, number === 1 ? name : `${name}-${number}`);
    try {
      await mkdir(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
