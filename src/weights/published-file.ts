/** @file A weight file that is published on the web: taken from the cache or downloaded, and checked before each use. */

import { stat } from 'node:fs/promises';
import { messageOf, OtxError } from '../base/errors.js';
import { digitsInName, notedSha256, notePath, noteSha256, sha256Of } from './checksum.js';
import { type DownloadOptions, download } from './download.js';
import { DownloadFailure } from './http-get.js';
import { isOffline } from './offline.js';
import { PartFile, removeAbandoned } from './part-file.js';
import { readWeights } from './read-weights.js';

/**
 * Makes sure that the weights published at `address` are at `path`.
 *
 * A name that ends with the first digits of the SHA-256 (`…-119e8c9f.pth`) is a promise, and is held against the bytes.
 * Any other file is trusted on first use: it has to be a readable weight file, and its SHA-256 is noted beside it
 * (`….sha256`); from then on only the same bytes are accepted, in a later download too.
 *
 * @param path with the published name. A file that is there is checked and used, not downloaded.
 * With `OTX_OFFLINE` set nothing is downloaded.
 *
 * @throws DownloadFailure saying what is wrong; OtxError `aborted`, or `output` when it cannot be written.
 */
export async function obtainPublishedFile(
  address: string,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  if (await isFile(path)) {
    const problem = await problemOf(path, path);
    if (problem) {
      throw new DownloadFailure(`${path} is not used: ${problem}; ${remedyFor(path)}`, true);
    }
    await removeAbandoned(path);
    return;
  }
  if (isOffline(options.environment)) {
    throw new DownloadFailure('OTX_OFFLINE is set, so that the network is not asked', true);
  }
  const part = await PartFile.begin(path, address);
  try {
    await downloadChecked(part, path, options);
  } finally {
    await part.leave();
  }
}

async function downloadChecked(part: PartFile, path: string, options: DownloadOptions): Promise<void> {
  const { address } = part.origin;
  const isContinued = part.size > 0;
  await download(part, options);
  const problem = await problemOf(await part.flush(), path);
  if (problem) {
    await part.discard();
    // What an earlier process left may be the culprit.
    if (isContinued) {
      await part.restart({ address, validator: undefined, total: undefined });
      return downloadChecked(part, path, options);
    }
    const remedy = (await notedSha256(path)) ? `; ${remedyFor(path)}` : '';
    throw new DownloadFailure(`what came is not the published file: ${problem}${remedy}`, true);
  }
  await part.complete();
  await note(path);
}

/** Where a file on disk came from is not known, so it is the user who removes it. */
function remedyFor(path: string): string {
  const alsoNote = digitsInName(path) ? '' : ` and ${notePath(path)}`;
  return `if this is expected, remove ${path}${alsoNote} to download it again`;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

/**
 * What is wrong with the bytes at `found`, which are to be the file at `path`; undefined when nothing is. A file that is
 * used for the first time is noted.
 */
async function problemOf(found: string, path: string): Promise<string | undefined> {
  try {
    const sha256 = await sha256Of(found);
    const promised = digitsInName(path);
    if (promised !== undefined) {
      return sha256.startsWith(promised)
        ? undefined
        : `its SHA-256 begins with ${sha256.slice(0, promised.length)} instead of ${promised}`;
    }
    const noted = await notedSha256(path);
    if (noted !== undefined) {
      return sha256 === noted ? undefined : `its SHA-256 is ${sha256} instead of ${noted} as on first use`;
    }
    await readWeights(found);
    if (found === path) await note(path, sha256);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(`${found}: `, '');
  }
}

/** Not possible in a cache that is shared and read-only; then every use is a first one. */
async function note(path: string, sha256?: string): Promise<void> {
  if (digitsInName(path) !== undefined) return;
  await noteSha256(path, sha256 ?? (await sha256Of(path))).catch((error: unknown) => {
    if (!(error instanceof OtxError)) throw error;
  });
}
