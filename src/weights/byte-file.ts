/** @file A file that is read piece by piece, so that what is never needed never takes memory. */

import type { FileHandle } from 'node:fs/promises';
import { type FileKind, MOST_BYTES, openRegular, Unreadable } from '../base/read-file.js';
import { unusable } from './unusable.js';

/** A page: reading more at once costs no more. */
const WINDOW_BYTES = 4096;

/** Files of weights, whoever wrote them. */
export const WEIGHTS_KIND: FileKind = {
  code: 'checkpoint',
  expected: 'weights, a .safetensors, .pth or .pt file',
  maxBytes: MOST_BYTES.weights,
};

/** An open regular file; every read is checked against its size before anything is allocated. */
export class ByteFile {
  private window: { readonly begin: number; readonly bytes: Buffer } = { begin: 0, bytes: Buffer.alloc(0) };

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
    const { handle, size } = await openRegular(path, WEIGHTS_KIND.maxBytes).catch((error: unknown) => {
      throw error instanceof Unreadable ? error.toError(WEIGHTS_KIND) : error;
    });
    try {
      return await work(new ByteFile(path, size, handle));
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

  /**
   * Like {@link read}, for many small pieces one after the other; the bytes may be shared with other calls.
   *
   * @throws Unusable when the file ends before.
   */
  async peek(position: number, length: number): Promise<Buffer> {
    const { begin, bytes } = this.window;
    const isInside = position >= begin && position + length <= begin + bytes.length;
    if (!isInside) {
      const ahead = Math.min(WINDOW_BYTES, this.size - position);
      this.window = { begin: position, bytes: await this.read(position, Math.max(length, ahead)) };
    }
    const offset = position - this.window.begin;
    return this.window.bytes.subarray(offset, offset + length);
  }
}
