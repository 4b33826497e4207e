/** @file Files that are either the old or the new version, never half of one: written beside the target, flushed, then renamed. */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, OtxError } from './errors.js';
import { isTemporaryName, releaseName, temporaryName } from './temporary-name.js';
import { unfinished } from './unfinished.js';

/** Bytes that are written at a time, so that a large file is digested while it is written. */
const PIECE = 2 ** 23;

/** A part of the content of a file; text is written as UTF-8. */
export type Chunk = Uint8Array | string;

export interface AtomicWrite {
  /** Whether a file that is there by then is an error. Default: it is replaced. */
  readonly isNew?: boolean;
  /** Told the content's SHA-256 before the file gets its name; when this fails, the file does not come to be. */
  readonly onWritten?: (sha256: string) => Promise<void>;
}

/**
 * Writes `chunks` one after the other as the new content of `path`, whatever is there, and flushes it to the disk. For caches, and for
 * folders whose files are a program's own: outputs of commands go through `Outputs`, which replaces nothing of the user's.
 *
 * A crash at any moment leaves the previous file as it was (and at worst a `.tmp` file beside it).
 *
 * @throws OtxError `output` when the file cannot be written; the previous file is then untouched.
 */
export function writeFileAtomic(path: string, ...chunks: readonly Chunk[]): Promise<void> {
  return writeAtomically(path, chunks);
}

/**
 * As {@link writeFileAtomic}, with a word in what happens before the file gets its name.
 *
 * @throws OtxError `output`
 */
export async function writeAtomically(
  path: string,
  chunks: Iterable<Chunk> | AsyncIterable<Chunk>,
  { isNew = false, onWritten }: AtomicWrite = {},
): Promise<void> {
  // The temporary file must be in the same folder: a rename across file systems is a copy, and not atomic.
  const name = temporaryName(basename(path));
  const temporary = join(dirname(path), name);
  const finished = unfinished(temporary);
  try {
    const file = await open(temporary, 'wx');
    try {
      const hash = onWritten && createHash('sha256');
      for await (const chunk of chunks) {
        const bytes = chunk instanceof Uint8Array ? chunk : Buffer.from(chunk);
        for (let start = 0; start < bytes.length; start += PIECE) {
          const piece = bytes.subarray(start, start + PIECE);
          const writing = file.writeFile(piece);
          hash?.update(piece);
          await writing;
        }
      }
      await Promise.all([file.sync(), hash && onWritten?.(hash.digest('hex'))]);
    } finally {
      await file.close();
    }
    await (isNew ? placeNew(temporary, path) : rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error instanceof OtxError ? error : outputError(path, error);
  } finally {
    releaseName(name);
    finished();
  }
  await syncFolder(dirname(path));
}

/** Gives a file its name unless that is taken: a rename would replace what has come there in the meantime. */
async function placeNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch {
    // Not every file system has links; what remains is a look just before.
    if (await lstat(path).catch(() => undefined)) {
      throw new OtxError(
        'output',
        `${path}: has been written by somebody else in the meantime and is not replaced; choose another output folder ` +
          'or move the file',
      );
    }
    await rename(temporary, path);
    return;
  }
  await rm(temporary, { force: true }).catch(() => undefined);
}

/**
 * Gives a file that is to grow content of its own, where it has several names: what stands under the others, as in a backup
 * made of hard links, is not to change.
 */
export async function unshare(path: string): Promise<void> {
  const { nlink, ino } = await lstat(path, { bigint: true });
  if (nlink < 2n || (await isBeingPlaced(path, ino)) || (await lstat(path)).nlink < 2) return;
  const name = temporaryName(basename(path));
  const temporary = join(dirname(path), name);
  const finished = unfinished(temporary);
  try {
    await copyFile(path, temporary, constants.COPYFILE_EXCL);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    releaseName(name);
    finished();
  }
}

/** Whether the other name is the temporary one, which {@link placeNew} is about to take away. */
async function isBeingPlaced(path: string, ino: bigint): Promise<boolean> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!isTemporaryName(name)) continue;
    const facts = await lstat(join(folder, name), { bigint: true }).catch(() => undefined);
    if (facts?.ino === ino) return true;
  }
  return false;
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
