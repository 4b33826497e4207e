/** @file A file that is read piece by piece, so that what is never needed never takes memory. */

import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, OtxError } from '../base/errors.js';
import { unusable } from './unusable.js';

/** An open regular file; every read is checked against its size before anything is allocated. */
export class ByteFile {
  private constructor(
    readonly path: string,
    /** Bytes. */
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  /**
   * Opens `path`, gives it to `work` and closes it.
   *
   * @throws OtxError `checkpoint` when there is no such file or it is not a regular one.
   */
  static async use<T>(path: string, work: (file: ByteFile) => Promise<T>): Promise<T> {
    const handle = await open(path, 'r').catch((error: unknown) => {
      throw new OtxError('checkpoint', `${path}: cannot be read (${messageOf(error)})`, { cause: error });
    });
    try {
      const kind = await handle.stat();
      if (!kind.isFile()) {
        throw new OtxError('checkpoint', `${path}: is not a file; give a .pth, .pt or .safetensors file`);
      }
      return await work(new ByteFile(path, kind.size, handle));
    } finally {
      await handle.close();
    }
  }

  /**
   * The bytes from `position` on, in memory of their own.
   *
   * @throws Unusable when the file ends before.
   */
  async read(position: number, length: number): Promise<Buffer> {
    if (!(position >= 0 && length >= 0 && position + length <= this.size)) {
      return unusable(`${length} bytes at ${position} are needed, the file has ${this.size}; truncated`);
    }
    const bytes = Buffer.from(new ArrayBuffer(length));
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.handle.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) return unusable('it became shorter while it was read');
      done += bytesRead;
    }
    return bytes;
  }
}
