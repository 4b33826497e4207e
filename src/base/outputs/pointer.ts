/** @file A link by which scripts find the newest of several folders, made anew whenever there is a newer one. */

import { lstat, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { temporaryName } from '../temporary-name.js';

/**
 * Lets a link lead to a folder. One that leads elsewhere is replaced in one step; whatever is no link stays as it is.
 *
 * @param path absolute, in a folder that is there.
 * @param folder absolute; where it lies beside the link, the link stays right when both are moved.
 * @returns whether it leads there: file systems without links have none.
 */
export async function pointTo(path: string, folder: string): Promise<boolean> {
  const there = await lstat(path).catch(() => undefined);
  if (there && !there.isSymbolicLink()) return false;
  const isWindows = process.platform === 'win32';
  const beside = dirname(folder) === dirname(path);
  const target = beside && !isWindows ? relative(dirname(path), folder) : folder;
  const name = join(dirname(path), temporaryName('link'));
  try {
    await symlink(target, name, isWindows ? 'junction' : 'dir');
    // A junction is not replaced by a rename.
    if (isWindows && there) await rm(path);
    await rename(name, path);
    return true;
  } catch {
    await rm(name, { force: true }).catch(() => undefined);
    return false;
  }
}
