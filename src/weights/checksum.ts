/** @file SHA-256 of a file, and what it is expected to be: by the file's own name, or by a note that was made before. */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { MOST_BYTES, piecesOf, readRegular } from '../base/read-file.js';

/** A digest and a name. */
const MOST_NOTE_BYTES = 4096;

/** @returns 64 hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of piecesOf(path, MOST_BYTES.weights)) hash.update(piece);
  return hash.digest('hex');
}

/** First digits of the SHA-256 in a file's name, as in `mscan_t_20230227-119e8c9f.pth`; undefined without. */
export function digitsInName(path: string): string | undefined {
  return /-([0-9a-f]{8,64})\.[a-z]+$/.exec(basename(path))?.[1];
}

/** Beside a file; `sha256sum --check` reads it. */
export const notePath = (path: string): string => `${path}.sha256`;

/** The SHA-256 noted beside a file, even when the file itself is gone; undefined without a (readable) note. */
export async function notedSha256(path: string): Promise<string | undefined> {
  const text = await readRegular(notePath(path), MOST_NOTE_BYTES).catch(() => '');
  return /^([0-9a-f]{64})\b/.exec(text.toString())?.[1];
}

export async function noteSha256(path: string, sha256: string): Promise<void> {
  await writeFileAtomic(notePath(path), `${sha256}  ${basename(path)}\n`);
}
