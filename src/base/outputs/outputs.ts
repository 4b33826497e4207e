/**
 * @file The one gate for outputs: every file that a command writes goes through it. It keeps out of data sets, writes over
 * nothing that the command reads, and replaces no file that this program did not write.
 */

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rm, rmdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Chunk, outputError, unshare, writeAtomically } from '../atomic.js';
import { messageOf, OtxError } from '../errors.js';
import { makeFolder } from '../make-folder.js';
import { piecesOf } from '../read-file.js';
import { releaseName, sweepTemporaries, temporaryName } from '../temporary-name.js';
import { type FolderLock, lockFolder } from './lock.js';
import { Manifest, type ManifestEntry } from './manifest.js';
import { fileId, type Inputs, Places } from './places.js';

/** What a command is going to write, as far as it knows beforehand, and what it reads. */
export interface OutputPlan {
  /** Folder of all outputs; made when it is not there. */
  readonly root: string;
  /** Files, relative to `root` or absolute: none of them may be somebody else's. */
  readonly files?: readonly string[];
  /** Folders below `root` that hold nothing but outputs. */
  readonly folders?: readonly string[];
  readonly inputs?: Inputs;
  /**
   * Whether a file that the record does not name says itself that it is an output: earlier versions kept no record. A file
   * that the record knows in another form stays somebody else's.
   */
  readonly recognise?: (path: string) => Promise<boolean>;
  /** Names of temporary files of earlier versions, which are removed like those of this one. */
  readonly isLitter?: (name: string) => boolean;
  /**
   * Whether the outputs are a data set. Then they go on when the folder begins to look like one; it must hold nothing that is
   * read, for which it belongs to `folders`. Default false.
   */
  readonly isDataset?: boolean;
  /** Name of a file by which the folder is locked until it is closed, for a job that must be the only one in it. */
  readonly lock?: string;
}

/** Files that are looked at at the same time. */
const AT_ONCE = 8;
/** Earlier outputs beyond these bytes, such as thousands of pictures, are digested when their turn comes to be replaced. */
const DIGESTED_FIRST = 2 ** 30;

/**
 * Looks where outputs would go, and writes nothing.
 *
 * @throws OtxError `output` for a folder in a data set, or in what is read.
 */
export async function checkPlace(root: string, inputs: Inputs = {}): Promise<void> {
  await (await Places.of(inputs)).check(resolve(root));
}

/** A folder that a command writes into. To be closed, whether the command succeeds or not. */
export class Outputs {
  /** Absolute. */
  readonly root: string;
  /** Folders that were made here, outermost first: those that stay empty are removed again. */
  private readonly made: string[] = [];
  /** State of files as they were left here, by relative path: a file in that state is our own. */
  private readonly left = new Map<string, string>();
  /** Folders that have been looked at and are there. */
  private readonly prepared = new Set<string>();
  private hasWritten = false;
  private isDataset = false;
  /** Files of which the record knows the beginning alone: to be added to, not to be replaced unless they say what they are. */
  private readonly grown = new Set<string>();
  private lock: FolderLock | undefined;
  /** Digests of files that were recognised, by relative path. */
  private readonly recognised = new Map<string, string>();
  /** Bytes, before the work. */
  private digested = 0;

  private constructor(
    root: string,
    private readonly places: Places,
    private readonly manifest: Manifest,
    private readonly recognise: (path: string) => Promise<boolean>,
  ) {
    this.root = root;
  }

  /**
   * Checks everything that can be known before the work, makes the folder and tries it out.
   *
   * @throws OtxError `output` naming the file, folder or process that is in the way, and why.
   */
  static async open({
    root: given,
    files = [],
    folders = [],
    inputs = {},
    recognise = async () => false,
    isLitter,
    lock,
    isDataset = false,
  }: OutputPlan): Promise<Outputs> {
    const root = resolve(given);
    const places = await Places.of(inputs);
    const planned = files.map((file) => resolve(root, file));
    const own = folders.map((folder) => resolve(root, folder));
    await places.check(
      root,
      planned.some((file) => dirname(file) === root),
    );
    const outputs = new Outputs(root, places, await Manifest.open(root), recognise);
    for (const folder of new Set([...own, ...planned.map((file) => dirname(file))])) {
      await outputs.checkFolder(folder);
    }
    for (const folder of own) await places.checkHoldsNoInput(folder);
    for (let start = 0; start < planned.length; start += AT_ONCE) {
      const some = planned.slice(start, start + AT_ONCE).map((file) => outputs.checkFirst(file));
      // Of several that are in the way, always the same one is told.
      for (const { reason } of (await Promise.allSettled(some)).filter(isRejected)) throw reason;
    }
    try {
      await outputs.make(root);
      await tryOut(root);
      outputs.isDataset = isDataset;
      if (lock !== undefined) outputs.lock = await lockFolder(join(root, lock));
      await sweepTemporaries(root, { isLitter });
      for (const folder of own) {
        await sweepTemporaries(folder, { recursive: true, isLitter });
        if (folder !== root && (await lstat(folder).catch(() => undefined))) await tryOut(folder);
      }
    } catch (error) {
      await outputs.close();
      throw error;
    }
    return outputs;
  }

  /** The absolute path of an output. */
  path(file: string): string {
    return resolve(this.root, file);
  }

  /**
   * Writes a file: it is complete or not there at all. An earlier version of it that was written here is replaced.
   *
   * @param file relative to the root, or absolute and below it.
   * @throws OtxError `output` when it cannot be written, or when somebody else's file has its name; that stays as it is.
   */
  async write(file: string, ...chunks: readonly Chunk[]): Promise<void> {
    await this.writeStream(file, chunks);
  }

  /**
   * {@link write} for a file whose bytes come one after the other, such as a video: when they fail, it does not come to be.
   *
   * @throws OtxError `output` as {@link write}; what the bytes throw.
   */
  async writeStream(file: string, chunks: Iterable<Chunk> | AsyncIterable<Chunk>): Promise<void> {
    const path = this.path(file);
    const name = this.nameOf(path);
    await this.prepareFolder(dirname(path));
    const isNew = !(await this.isThere(path));
    if (this.grown.has(name) && !(await this.recognise(path))) throw foreign(path);
    const recognised = this.recognised.get(name);
    if (recognised !== undefined) await this.manifest.add({ file: name, sha256: recognised });
    await writeAtomically(path, chunks, {
      isNew,
      onWritten: (sha256) => this.manifest.add({ file: name, sha256 }),
    });
    this.hasWritten = true;
    await this.remember(path);
  }

  /**
   * Adds to the end of a file that grows, such as a log; what was added before stays whatever happens. The file begins with
   * what is added first, by which it is known again, so that this must be unlike other files.
   *
   * @throws OtxError `output` as {@link write}; nothing of the addition is then in the file, where that can be helped.
   */
  async append(file: string, chunk: Chunk): Promise<void> {
    const path = this.path(file);
    const bytes = chunk instanceof Uint8Array ? chunk : Buffer.from(chunk);
    await this.prepareFolder(dirname(path));
    if (!(await this.isThere(path))) {
      const first = bytes.length;
      await writeAtomically(path, [bytes], {
        isNew: true,
        onWritten: (sha256) => this.manifest.add({ file: this.nameOf(path), sha256, first }),
      });
    } else {
      await addTo(path, bytes);
    }
    this.grown.delete(this.nameOf(path));
    this.hasWritten = true;
    await this.remember(path);
  }

  /**
   * Whether there is an earlier version of an output.
   *
   * @throws OtxError `output` when what is there is somebody else's, or is read by this command.
   */
  async isThere(file: string): Promise<boolean> {
    const path = this.path(file);
    const name = this.nameOf(path);
    const facts = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw outputError(path, error);
    });
    if (!facts) return false;
    if (this.left.get(name) === stateOf(facts)) return true;
    if (!facts.isFile()) {
      const what = facts.isDirectory() ? 'a folder' : facts.isSymbolicLink() ? 'a link' : 'no ordinary file';
      throw new OtxError(
        'output',
        `${path}: is ${what} where a file is to be written; move it or choose another output folder`,
      );
    }
    if (!(await this.isOwn(path, name, facts.size))) throw foreign(path);
    const input = this.places.inputAt(fileId(facts));
    if (input) {
      throw new OtxError(
        'output',
        `${path}: would be written over, but is the same file as ${input.what} (${input.path}); choose another output folder`,
      );
    }
    this.left.set(name, stateOf(facts));
    return true;
  }

  /** {@link isThere}, without reading more of very many files than their names. */
  private async checkFirst(path: string): Promise<void> {
    const facts = await lstat(path).catch(() => undefined);
    if (this.digested < DIGESTED_FIRST) await this.isThere(path);
    else if (facts && (await this.manifest.find(this.nameOf(path))).length === 0) throw foreign(path);
    this.digested += facts?.size ?? 0;
  }

  /** Ends the writing and removes the folders that were made for nothing. Never throws. */
  async close(): Promise<void> {
    if (!this.hasWritten) await this.manifest.withdraw();
    await this.lock?.release();
    for (const folder of this.made.splice(0).reverse()) await rmdir(folder).catch(() => undefined);
  }

  private nameOf(path: string): string {
    const name = relative(this.root, path);
    if (name === '' || name.startsWith('..') || isAbsolute(name)) {
      throw new OtxError('output', `${path}: lies outside the output folder ${this.root}`);
    }
    return name.split(sep).join('/');
  }

  private async isOwn(path: string, name: string, size: bigint): Promise<boolean> {
    const whole = await digestOf(path);
    const isVersion = async ({ sha256, first }: ManifestEntry): Promise<boolean> => {
      if (first === undefined || first >= size) return sha256 === whole;
      const isBeginning = sha256 === (await digestOf(path, first));
      if (isBeginning) this.grown.add(name);
      return isBeginning;
    };
    // Another process may have written it since the record was read.
    for (const again of [false, true]) {
      for (const entry of await this.manifest.find(name, again)) if (await isVersion(entry)) return true;
    }
    if ((await this.manifest.find(name)).length > 0 || !(await this.recognise(path))) return false;
    this.recognised.set(name, whole);
    return true;
  }

  private async remember(path: string): Promise<void> {
    const facts = await lstat(path, { bigint: true }).catch(() => undefined);
    if (facts) this.left.set(this.nameOf(path), stateOf(facts));
  }

  /** @throws OtxError `output` for a folder that is not to be written into. */
  private async checkFolder(folder: string): Promise<void> {
    const parts = relative(this.root, folder)
      .split(sep)
      .filter((part) => part !== '');
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = join(this.root, ...parts.slice(0, depth));
      const facts = await lstat(path).catch(() => undefined);
      if (!facts) break;
      if (facts.isDirectory()) continue;
      const what = facts.isSymbolicLink()
        ? 'is a link, through which outputs would land elsewhere'
        : 'is no folder';
      throw new OtxError('output', `${path}: ${what}; move it or choose another output folder`);
    }
    if (!this.isDataset) await this.places.check(folder);
  }

  private async prepareFolder(folder: string): Promise<void> {
    if (this.prepared.has(folder)) return;
    await this.checkFolder(folder);
    await this.make(folder);
    this.prepared.add(folder);
  }

  private async make(folder: string): Promise<void> {
    try {
      this.made.push(...(await makeFolder(folder)));
    } catch (error) {
      throw new OtxError(
        'output',
        `${folder}: this output folder cannot be made (${messageOf(error)}); choose another one`,
        { cause: error },
      );
    }
  }
}

const isRejected = (result: PromiseSettledResult<void>): result is PromiseRejectedResult =>
  result.status === 'rejected';

function foreign(path: string): OtxError {
  return new OtxError(
    'output',
    `${path}: was not written by otx, or has been changed since, and is not replaced; move it or choose another output folder`,
  );
}

/** Writes a file into a folder, to be sure, and takes it away again. */
async function tryOut(folder: string): Promise<void> {
  const name = temporaryName('write-test');
  const path = join(folder, name);
  try {
    await (await open(path, 'wx')).close();
    await rm(path, { force: true });
  } catch (error) {
    throw outputError(folder, error);
  } finally {
    releaseName(name);
  }
}

/** Appends all or, where the file system lets that be undone, nothing. */
async function addTo(path: string, bytes: Uint8Array): Promise<void> {
  const { O_WRONLY, O_APPEND, O_NOFOLLOW = 0 } = constants;
  try {
    await unshare(path);
    const file = await open(path, O_WRONLY | O_APPEND | O_NOFOLLOW);
    try {
      const { size } = await file.stat();
      await file.appendFile(bytes).catch(async (error: unknown) => {
        await file.truncate(size).catch(() => undefined);
        throw error;
      });
    } finally {
      await file.close();
    }
  } catch (error) {
    throw outputError(path, error);
  }
}

/** @param first how many bytes; all when left out. */
async function digestOf(path: string, first?: number): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of piecesOf(path, Number.POSITIVE_INFINITY, first)) hash.update(piece);
  } catch (error) {
    throw outputError(path, error);
  }
  return hash.digest('hex');
}

/** Changes whenever a file is replaced or written to. */
function stateOf(facts: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}): string {
  return [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(':');
}
