/**
 * @file A download that is not complete yet, in a file beside its target. It is only ever appended to, has a name that
 * nobody else uses, and a description of its origin: so it can be continued later by another process, which copies it,
 * and two processes that download the same file cannot mix theirs.
 */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { messageOf, OtxError } from '../base/errors.js';
import { makeFolder } from '../base/make-folder.js';
import { readRegular } from '../base/read-file.js';

/** What a server said about a file when its download began. */
export interface Origin {
  readonly address: string;
  /** ETag or date by which the server can tell whether the file is still the same; without one nothing is continued. */
  readonly validator: string | undefined;
  /** Bytes of the whole file, where known. */
  readonly total: number | undefined;
}

/** Far longer than a live download goes without writing. */
const ABANDONED_MILLISECONDS = 120_000;
/** An address, a validator and a number. */
const MOST_ORIGIN_BYTES = 2 ** 16;

/** One growing file. All methods throw OtxError `output` when the disk is full or cannot be written. */
export class PartFile {
  private constructor(
    private readonly target: string,
    private path: string,
    private handle: FileHandle | undefined,
    /** Bytes that are there. */
    public size: number,
    public origin: Origin,
  ) {}

  /**
   * Continues the largest part of `target` that came from `address`, or begins an empty one.
   *
   * @param target path of the complete file; its folder is created.
   */
  static async begin(target: string, address: string): Promise<PartFile> {
    const nothing = { address, validator: undefined, total: undefined };
    const part = new PartFile(target, newPath(target), undefined, 0, nothing);
    await part.guard(async () => {
      await makeFolder(dirname(target));
      const [best] = (await leftovers(target))
        .filter(({ origin }) => origin?.address === address && origin.validator !== undefined)
        .sort((a, b) => b.size - a.size);
      if (best?.origin && (await copied(best.path, part.path))) {
        await writeFileAtomic(descriptionOf(part.path), JSON.stringify(best.origin));
        part.origin = best.origin;
      }
      part.handle = await open(part.path, 'a');
      part.size = (await part.handle.stat()).size;
      await removeAbandoned(target);
    });
    return part;
  }

  get isComplete(): boolean {
    return this.size > 0 && this.size === this.origin.total;
  }

  /** Begins again with nothing, under another name, for another file than the one so far. */
  async restart(origin: Origin): Promise<void> {
    await this.discard();
    await this.guard(async () => {
      this.path = newPath(this.target);
      this.handle = await open(this.path, 'ax');
      this.size = 0;
      this.origin = origin;
      if (origin.validator !== undefined) {
        await writeFileAtomic(descriptionOf(this.path), JSON.stringify(origin));
      }
    });
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.guard(async () => {
      const { handle } = this;
      for (let done = 0; done < bytes.length; ) {
        done += (await handle!.write(bytes, done)).bytesWritten;
      }
      this.size += bytes.length;
    });
  }

  /** Writes everything through to the disk. @returns where the bytes are. */
  async flush(): Promise<string> {
    await this.guard(() => this.handle!.sync());
    return this.path;
  }

  /** Makes it the target. */
  async complete(): Promise<void> {
    await this.close();
    await this.guard(async () => {
      try {
        await rename(this.path, this.target);
      } catch (error) {
        // Windows does not replace a file that somebody reads: then another process has completed the same one.
        if (!(await stat(this.target).catch(() => undefined))) throw error;
      }
    });
    await remove(this.path);
    await removeAbandoned(this.target);
  }

  /** Keeps what is there for another time, if it can be continued at all. */
  async leave(): Promise<void> {
    if (this.origin.validator === undefined || this.size === 0) await this.discard();
    else await this.close();
  }

  async discard(): Promise<void> {
    await this.close();
    await remove(this.path);
  }

  private async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  private async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new OtxError(
        'output',
        `${this.target}: cannot be written (${messageOf(error)}); free some space there or name another folder in OTX_CACHE, or train from scratch with --no-pretrained`,
        { cause: error },
      );
    }
  }
}

const newPath = (target: string): string => `${target}.${randomBytes(4).toString('hex')}.part`;
const descriptionOf = (path: string): string => `${path}.json`;

/** False when the process whose part it was has just finished with it. */
async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

interface Leftover {
  readonly path: string;
  readonly size: number;
  readonly origin: Origin | undefined;
  readonly isAbandoned: boolean;
}

/** Parts of `target`, of other processes that may still be at work. */
async function leftovers(target: string): Promise<Leftover[]> {
  const folder = dirname(target);
  const names = await readdir(folder).catch(() => []);
  const found = names.filter(
    (name) => name.startsWith(`${basename(target)}.`) && /\.[0-9a-f]{8}\.part$/.test(name),
  );
  const parts = await Promise.all(found.map((name) => inspect(join(folder, name))));
  return parts.filter((part) => part !== undefined);
}

async function inspect(path: string): Promise<Leftover | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    const isAbandoned = Date.now() - mtimeMs > ABANDONED_MILLISECONDS;
    const origin = await readRegular(descriptionOf(path), MOST_ORIGIN_BYTES).then(
      parseOrigin,
      () => undefined,
    );
    return { path, size, origin: origin && size <= (origin.total ?? size) ? origin : undefined, isAbandoned };
  } catch {
    // Its process has just finished with it.
    return undefined;
  }
}

function parseOrigin(json: Buffer): Origin | undefined {
  try {
    const { address, validator, total } = JSON.parse(json.toString()) as Record<string, unknown>;
    return typeof address === 'string' && typeof validator === 'string'
      ? { address, validator, total: typeof total === 'number' ? total : undefined }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Removes parts of `target` that nobody has written to for minutes. */
export async function removeAbandoned(target: string): Promise<void> {
  for (const { path, isAbandoned } of await leftovers(target)) if (isAbandoned) await remove(path);
}

async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
  await rm(descriptionOf(path), { force: true }).catch(() => undefined);
}
