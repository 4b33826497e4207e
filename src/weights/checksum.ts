/** @file SHA-256 of a file, and what it is expected to be: by the file's own name, or by a note that was made before. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeFileAtomic } from '../base/atomic.js';

/** @returns 64 hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
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
  const text = await readFile(notePath(path), 'utf8').catch(() => '');
  return /^([0-9a-f]{64})\b/.exec(text)?.[1];
}

export async function noteSha256(path: string, sha256: string): Promise<void> {
  await writeFileAtomic(notePath(path), `${sha256}  ${basename(path)}\n`);
}
