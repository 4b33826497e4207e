/** @file Files that are either the old or the new version, never half of one: written beside the target, flushed, then renamed. */

import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, OtxError } from './errors.js';

/** Characters of the file's name in that of the temporary one, which may be no longer than the 255 bytes of most systems. */
const NAME_SHOWN = 60;

/**
 * Writes `chunks` one after the other as the new content of `path`.
 * A crash at any moment leaves the previous file as it was (and at worst a `.tmp` file beside it).
 *
 * @throws OtxError `output` when the file cannot be written; the previous file is then untouched.
 */
export async function writeFileAtomic(
  path: string,
  ...chunks: readonly (Uint8Array | string)[]
): Promise<void> {
  // The temporary file must be in the same folder: a rename across file systems is a copy, and not atomic.
  const name = basename(path).slice(0, NAME_SHOWN);
  const temporary = join(dirname(path), `.${name}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw outputError(path, error);
  }
  await syncFolder(dirname(path));
}

/** What a user is told when a file cannot be written. */
export function outputError(path: string, cause: unknown): OtxError {
  return new OtxError(
    'output',
    `${path}: cannot be written (${messageOf(cause)}); choose another output folder or free some space`,
    { cause },
  );
}

/** Makes the rename itself survive a power cut; not every platform lets a folder be opened, and then it is left out. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    return;
  }
}
