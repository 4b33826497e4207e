/** @file Reads what a training tells while it goes on: `events.jsonl` from where the last look has ended. */

import { join } from 'node:path';
import { MOST_BYTES, type OpenFile, openRegular } from '../base/read-file.js';
import { EVENTS_FILE, type LoggedEvent } from './event-log.js';

const PIECE_BYTES = 2 ** 20;
const LINE_END = 0x0a;

/**
 * The events of a run, as far as they have come and once each. A program that watches a training asks again and again:
 *
 * ```ts
 * const reader = new EventReader('runs/1');
 * for await (const event of reader.read()) if (event.type === 'epoch') console.log(event.epoch, event.metrics?.mDice);
 * ```
 */
export class EventReader {
  private readonly path: string;
  private file: bigint | undefined;
  private offset = 0;

  /**
   * Opens nothing yet.
   *
   * @param run folder of the run, which need not be there yet.
   * @param onRestart is told when the run has gone on from an earlier step: what came later is out of date, and all events that still
   * hold come once more.
   */
  constructor(
    run: string,
    private readonly onRestart: () => void = () => undefined,
  ) {
    this.path = join(run, EVENTS_FILE);
  }

  /** Bytes of the lines that were read; another number after a look says that something came. */
  get position(): number {
    return this.offset;
  }

  /**
   * Events that were added since the last look. A line that is damaged is left out; nothing comes where there is no file.
   * One look at a time; the next one goes on where it was left.
   */
  async *read(): AsyncGenerator<LoggedEvent> {
    const opened = await openRegular(this.path, MOST_BYTES.events).catch(() => undefined);
    if (!opened) return;
    const { handle, size } = opened;
    try {
      const { ino } = await handle.stat({ bigint: true });
      // Whoever takes back events writes a new file, which may be longer than the old one by now.
      if (size < this.offset || (this.file !== undefined && this.file !== ino)) this.restart();
      this.file = ino;
      yield* this.linesOf(handle, size);
    } finally {
      await handle.close();
    }
  }

  private restart(): void {
    this.offset = 0;
    this.onRestart();
  }

  /** Cut at line ends before bytes become text, as a piece may end within a character. What is half written is read again. */
  private async *linesOf(handle: OpenFile['handle'], size: number): AsyncGenerator<LoggedEvent> {
    const buffer = Buffer.alloc(Math.min(PIECE_BYTES, size - this.offset));
    let parts: Buffer[] = [];
    for (let at = this.offset; at < size; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
      if (bytesRead === 0) return;
      at += bytesRead;
      const piece = buffer.subarray(0, bytesRead);
      if (!piece.includes(LINE_END)) {
        parts.push(Buffer.from(piece));
        continue;
      }
      const bytes = Buffer.concat([...parts, piece]);
      let start = 0;
      for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
        const event = eventOf(bytes.toString('utf8', start, end));
        this.offset += end + 1 - start;
        start = end + 1;
        if (event) yield event;
      }
      parts = [bytes.subarray(start)];
    }
  }
}

function eventOf(line: string): LoggedEvent | undefined {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === 'object' && event !== null ? (event as LoggedEvent) : undefined;
  } catch {
    return undefined;
  }
}
