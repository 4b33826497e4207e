/**
 * @file The record of what was written into a folder: a journal of names and digests beside the files. A file is this
 * program's own if a line says so; whatever else stands there is the user's.
 *
 * A line is added before a file gets its name and none is ever changed, so that a process that is killed at any moment, or
 * several that write at the same time, leave no file behind that the record does not know.
 */

import { constants } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { outputError, unshare, writeAtomically } from '../atomic.js';
import { OtxError } from '../errors.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../read-file.js';

export const MANIFEST_FILE = '.otx-manifest.jsonl';

const KIND: FileKind = {
  code: 'output',
  expected: 'the record of files that otx keeps',
  maxBytes: MOST_BYTES.record,
};
const HEADER = `${JSON.stringify({ otx: 'manifest', version: 1 })}\n`;

const entry = z.object({
  /** Relative to the folder, with forward slashes. */
  file: z.string(),
  sha256: z.string(),
  /** Given for a file that grows: how many of its first bytes the digest is of. */
  first: z.int().min(0).optional(),
});

export type ManifestEntry = z.infer<typeof entry>;

/** Some file systems take names for the same that differ in case, or in how an accent is spelled. */
const keyOf = (file: string): string => file.normalize('NFC').toLowerCase();

export class Manifest {
  private readonly path: string;
  private readonly entries = new Map<string, ManifestEntry[]>();
  private isMade = false;

  private constructor(root: string) {
    this.path = join(root, MANIFEST_FILE);
  }

  /** @throws OtxError `output` for a file of that name that is something else. */
  static async open(root: string): Promise<Manifest> {
    const manifest = new Manifest(root);
    await manifest.read();
    return manifest;
  }

  /** What is known of a file. @param again whether to look what other processes have added. */
  async find(file: string, again = false): Promise<readonly ManifestEntry[]> {
    if (again) await this.read();
    return this.entries.get(keyOf(file)) ?? [];
  }

  /** Adds a line and waits until it is on the disk. Known ones are not repeated. */
  async add(added: ManifestEntry): Promise<void> {
    const isKnown = (known: ManifestEntry) => known.sha256 === added.sha256 && known.first === added.first;
    if (this.entries.get(keyOf(added.file))?.some(isKnown)) return;
    try {
      await this.begin();
      await unshare(this.path);
      const { O_WRONLY, O_APPEND, O_NOFOLLOW = 0 } = constants;
      const file = await open(this.path, O_WRONLY | O_APPEND | O_NOFOLLOW);
      try {
        // A line that was cut off by a full disk or a kill must not spoil this one.
        await file.appendFile(`\n${JSON.stringify(added)}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw error instanceof OtxError ? error : outputError(this.path, error);
    }
    this.remember(added);
  }

  /** Removes a record that was begun here: nothing was written after all. */
  async withdraw(): Promise<void> {
    if (this.isMade) await rm(this.path, { force: true }).catch(() => undefined);
  }

  /** Makes the file if there is none; of several that begin it at the same time one does. */
  private async begin(): Promise<void> {
    const isThere = () =>
      lstat(this.path).then(
        () => true,
        () => false,
      );
    if (await isThere()) return;
    try {
      await writeAtomically(this.path, [HEADER], { isNew: true });
      this.isMade = true;
    } catch (error) {
      if (!(await isThere())) throw error;
    }
  }

  private async read(): Promise<void> {
    const facts = await lstat(this.path).catch(() => undefined);
    if (!facts) return;
    if (!facts.isFile()) throw this.foreign();
    const text = await readTextOf(this.path, KIND);
    if (!text.startsWith(HEADER)) throw this.foreign();
    this.entries.clear();
    for (const line of text.split('\n')) {
      const parsed = entry.safeParse(parseJson(line));
      if (parsed.success) this.remember(parsed.data);
    }
  }

  private remember(added: ManifestEntry): void {
    const key = keyOf(added.file);
    const known = this.entries.get(key);
    if (known) known.push(added);
    else this.entries.set(key, [added]);
  }

  private foreign(): OtxError {
    return new OtxError(
      'output',
      `${this.path}: is not the record of files that otx keeps under this name; move it away or choose another output folder`,
    );
  }
}

/** Undefined for what is none, as a line that was cut off. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
