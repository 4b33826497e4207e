/** @file Stdout and stderr as a job needs them: text may get lost there, the job may not. */

import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Characters that may wait for a reader who does not read; what comes on top is dropped. */
const MOST_WAITING = 2 ** 20;
const LOOK_MILLISECONDS = 20;

/** A stream of text that may be closed, full or without a reader at any time. */
export interface TextStream {
  /** True when a person watches: text can be redrawn. */
  readonly isTerminal: boolean;
  /** Width of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  /** Lines of the terminal; undefined where there is none. */
  readonly rows: number | undefined;
  /** Why text got lost, e.g. `EPIPE`; undefined while all of it has arrived. */
  readonly failure: string | undefined;
  /** Never throws and never waits. */
  write(text: string): void;
  /**
   * Resolves when nothing is left to be written.
   *
   * @param patience milliseconds without progress after which a reader is given up. Default: endless.
   * @returns false when the reader was given up.
   */
  flush(patience?: number): Promise<boolean>;
}

/** Where all text is lost. */
export const NOWHERE: TextStream = {
  ...{ isTerminal: false, columns: undefined, rows: undefined, failure: undefined },
  write: () => undefined,
  flush: async () => true,
};

/** @param stream `process.stdout` or `process.stderr` */
export function openTextStream(stream: () => NodeJS.WriteStream, descriptor: 1 | 2): TextStream {
  return isDirect(descriptor) ? new DirectStream(descriptor) : new QueuedStream(stream);
}

/** Files and devices take text at once; terminals, pipes and sockets when somebody reads. */
function isDirect(descriptor: number): boolean {
  try {
    const facts = fstatSync(descriptor);
    return !isatty(descriptor) && (facts.isFile() || facts.isCharacterDevice());
  } catch {
    return false;
  }
}

/** Tries every text anew: a disk that is full may have room again later. */
class DirectStream implements TextStream {
  readonly isTerminal = false;
  readonly columns = undefined;
  readonly rows = undefined;
  failure: string | undefined;

  constructor(private readonly descriptor: number) {}

  write(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done);
    } catch (error) {
      this.failure ??= codeOf(error);
    }
  }

  async flush(): Promise<boolean> {
    return true;
  }
}

/** Given up with its first error: a pipe that was closed stays closed. */
class QueuedStream implements TextStream {
  readonly isTerminal: boolean = false;
  failure: string | undefined;
  private readonly stream: NodeJS.WriteStream | undefined;

  constructor(streamOf: () => NodeJS.WriteStream) {
    try {
      this.stream = streamOf();
      this.stream.on('error', (error) => {
        this.failure ??= codeOf(error);
      });
      this.isTerminal = this.stream.isTTY === true;
      if (this.isTerminal) neverBlock(this.stream);
    } catch (error) {
      this.failure = codeOf(error);
    }
  }

  get columns(): number | undefined {
    return this.stream?.columns;
  }

  get rows(): number | undefined {
    return this.stream?.rows;
  }

  write(text: string): void {
    if (this.failure !== undefined || !this.stream || this.stream.writableLength > MOST_WAITING) return;
    try {
      this.stream.write(text);
    } catch (error) {
      this.failure ??= codeOf(error);
    }
  }

  async flush(patience = Number.POSITIVE_INFINITY): Promise<boolean> {
    let waiting = Number.POSITIVE_INFINITY;
    let since = performance.now();
    while (this.failure === undefined && this.stream && this.stream.writableLength > 0) {
      const left = this.stream.writableLength;
      if (left < waiting) since = performance.now();
      else if (performance.now() - since > patience) return false;
      waiting = left;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    }
    return true;
  }
}

/** Node waits for terminals, which would stop a job with its window: one that is held, or behind a connection that hangs. */
function neverBlock(stream: NodeJS.WriteStream): void {
  const { _handle } = stream as { _handle?: { setBlocking?: (isBlocking: boolean) => void } };
  _handle?.setBlocking?.(false);
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';
