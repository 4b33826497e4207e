/**
 * @file The one gate through which files are opened for reading. A path may come from anywhere and may lead to a pipe that
 * nobody writes to, to a device without end, or to gigabytes: only regular files are opened, only as many bytes are read as
 * such a file has, and each kind of file has a size that it may not exceed.
 */

import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type ErrorCode, messageOf, OtxError } from './errors.js';

const MiB = 2 ** 20;

/** Bytes that a file of a kind may have. What people write by hand takes kilobytes. */
export const MOST_BYTES = {
  /** Configurations and templates. */
  yaml: MiB / 4,
  /** Meta files and label schemas. */
  json: 4 * MiB,
  /** Annotations of a whole data set in one file; a text of JavaScript has at most 512 MiB. */
  annotations: 500 * MiB,
  /** `results.csv` of thousands of epochs and hundreds of classes. */
  csv: 64 * MiB,
  /** Half a million paths. */
  list: 64 * MiB,
  /** What was written into a folder: two million files. */
  record: 256 * MiB,
  /** More pixels than the decoder accepts take less. */
  image: 1024 * MiB,
  /** Four times the largest network here with all that its training remembers. */
  weights: 2048 * MiB,
  /** Five times the largest network here. */
  onnx: 512 * MiB,
  /** The text of a model for OpenVINO: ten times the longest network here. */
  openvino: 24 * MiB,
  /** What a run writes about itself step by step. */
  events: 1024 * MiB,
} as const;

/** What a file is to be read as. */
export interface FileKind {
  /** Code of the error when it cannot be read. */
  readonly code: ErrorCode;
  /** What was expected at the path, for messages: "a configuration in YAML". */
  readonly expected: string;
  /** A file with more is not read. */
  readonly maxBytes: number;
}

/** Why a file is not read; `message` is a predicate without the path, "is not a file but a pipe". */
export class Unreadable extends Error {
  constructor(
    /** Of the file. */
    readonly path: string,
    reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }

  /** For users, with what was expected. */
  toError({ code, expected }: Pick<FileKind, 'code' | 'expected'>): OtxError {
    return new OtxError(code, `${this.path}: ${this.message}; expected ${expected}`, { cause: this });
  }

  /** Whether there is nothing at the path. */
  get isMissing(): boolean {
    return (this.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  }
}

/** An open regular file. */
export interface OpenFile {
  /** To be closed by whoever asked for it. */
  readonly handle: FileHandle;
  /** Bytes when it was opened; what is written behind them later is not read. */
  readonly size: number;
}

/** The first bytes of a file, by which its kind is told; none where there is no file that can be read. */
export async function readHead(path: string, bytes: number): Promise<Uint8Array> {
  try {
    for await (const piece of piecesOf(path, Number.POSITIVE_INFINITY, bytes)) return piece.slice();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return new Uint8Array();
}

/** A device whose open call waits must not make this process wait, should it take the place of a file just now. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file; the caller closes the handle.
 *
 * @throws Unreadable
 */
export async function openRegular(path: string, maxBytes: number): Promise<OpenFile> {
  try {
    checkRegular(path, await stat(path), maxBytes);
    const handle = await open(path, FLAGS);
    try {
      const facts = await handle.stat();
      checkRegular(path, facts, maxBytes);
      return { handle, size: facts.size };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    throw asUnreadable(path, error);
  }
}

/**
 * All bytes of a file, in memory of their own.
 *
 * @throws Unreadable
 */
export async function readRegular(path: string, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const { handle, size } = await openRegular(path, maxBytes);
  try {
    const bytes = Buffer.from(new ArrayBuffer(size));
    return bytes.subarray(0, await fill(handle, bytes));
  } catch (error) {
    throw asUnreadable(path, error);
  } finally {
    await handle.close();
  }
}

/**
 * The bytes of a file one piece after the other, each valid until the next one is asked for.
 *
 * @param first how many bytes; default all.
 * @throws Unreadable
 */
export async function* piecesOf(
  path: string,
  maxBytes: number,
  first = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const { handle, size } = await openRegular(path, maxBytes);
  try {
    const end = Math.min(size, first);
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, end));
    for (let done = 0; done < end; ) {
      const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, end - done), done);
      if (bytesRead === 0) return;
      done += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } catch (error) {
    throw asUnreadable(path, error);
  } finally {
    await handle.close();
  }
}

const PIECE_BYTES = MiB;

/** The system calls take 2 GiB at most; less lets others have a turn. */
const BYTES_AT_ONCE = 64 * MiB;

/** @returns bytes that were read: all, unless the file has become shorter. */
async function fill(handle: FileHandle, bytes: Buffer): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, BYTES_AT_ONCE);
    const { bytesRead } = await handle.read(bytes, done, length, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * All bytes of a file that a user named.
 *
 * @throws OtxError with the code of its kind, naming the file, what was found and what was expected.
 */
export async function readBytesOf(path: string, kind: FileKind): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readRegular(path, kind.maxBytes);
  } catch (error) {
    throw asUnreadable(path, error).toError(kind);
  }
}

/**
 * The text of a file that a user named, read as UTF-8.
 *
 * @throws OtxError with the code of its kind, naming the file, what was found and what was expected.
 */
export async function readTextOf(path: string, kind: FileKind): Promise<string> {
  return (await readBytesOf(path, kind)).toString('utf8');
}

/** {@link readTextOf} without waiting, for small files. */
export function readTextOfSync(path: string, kind: FileKind): string {
  let file: number | undefined;
  try {
    checkRegular(path, statSync(path), kind.maxBytes);
    file = openSync(path, FLAGS);
    const facts = fstatSync(file);
    checkRegular(path, facts, kind.maxBytes);
    const bytes = Buffer.alloc(facts.size);
    let done = 0;
    for (let read = -1; read !== 0 && done < bytes.length; done += read) {
      read = readSync(file, bytes, done, bytes.length - done, done);
    }
    return bytes.toString('utf8', 0, done);
  } catch (error) {
    throw asUnreadable(path, error).toError(kind);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Makes sure that another library may open the file.
 *
 * @throws Unreadable
 */
export async function expectRegular(path: string, maxBytes: number): Promise<void> {
  try {
    checkRegular(path, await stat(path), maxBytes);
  } catch (error) {
    throw asUnreadable(path, error);
  }
}

function checkRegular(path: string, facts: Stats, maxBytes: number): void {
  if (!facts.isFile()) throw new Unreadable(path, `is not a file but ${kindOf(facts)}`);
  if (facts.size > maxBytes) {
    throw new Unreadable(path, `has ${facts.size} bytes, of which no more than ${maxBytes} are read`);
  }
}

function kindOf(facts: Stats): string {
  if (facts.isDirectory()) return 'a folder';
  if (facts.isFIFO()) return 'a pipe';
  if (facts.isSocket()) return 'a socket';
  return 'a device';
}

function asUnreadable(path: string, error: unknown): Unreadable {
  return error instanceof Unreadable ? error : new Unreadable(path, whyUnreadable(error), error);
}

/** What the system's error means, as a predicate: "does not exist". */
export function whyUnreadable(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    ENOTDIR: 'does not exist (a part of the path is a file)',
    EISDIR: 'is not a file but a folder',
    EACCES: 'may not be read (permission denied)',
    EPERM: 'may not be read (permission denied)',
    ELOOP: 'is a link that leads in a circle',
    ENAMETOOLONG: 'has a name that is too long',
    EMFILE: TOO_MANY_OPEN,
    ENFILE: TOO_MANY_OPEN,
  };
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return known[code] ?? `cannot be read (${messageOf(error)})`;
}

const TOO_MANY_OPEN =
  'cannot be read: too many files are open at once; raise the limit of this process, e.g. with "ulimit -n 1024"';
