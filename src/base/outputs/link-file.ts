/** @file Pictures of the user's under another name, without a copy where the file system lets that. */

import { constants } from 'node:fs';
import { copyFile, readlink, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { outputError } from '../atomic.js';
import { OtxError } from '../errors.js';
import { makeFolder } from '../make-folder.js';

/**
 * Makes a symbolic link, or a copy where links are not to be had. One that leads there already stays.
 *
 * @param target absolute path of the file.
 * @throws OtxError `output` when something else has the name, or the folder cannot be written.
 */
export async function linkFile(path: string, target: string): Promise<void> {
  await makeFolder(dirname(path));
  try {
    await symlink(target, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return checkSame(path, target);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw outputError(path, error);
    await copyFile(target, path, constants.COPYFILE_EXCL).catch((cause: NodeJS.ErrnoException) => {
      // Where links are not to be had it is the copy of an earlier attempt.
      if (cause.code !== 'EEXIST') throw outputError(path, cause);
    });
  }
}

async function checkSame(path: string, target: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === target) return;
  throw new OtxError(
    'output',
    `${path}: is not the link to ${target} that is to be made; move it or choose another folder`,
  );
}
