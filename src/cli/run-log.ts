/** @file `log.txt` of a run folder: what was printed, with times, also when nobody was there to read it. */

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '../base/text.js';

export const LOG_FILE = 'log.txt';

/** Characters that are kept for folders that do not exist yet. */
const MOST_KEPT = 2 ** 20;

/** Never throws: a log that cannot be written is not worth a job. */
export interface RunLog {
  /** One or more lines, for the logs that are open and those that will be. */
  add(text: string): void;
  /**
   * Begins a log in this folder, which must exist, or goes on with one of the same operation. A log of another, and a file of
   * the user's of that name, stay as they are.
   */
  writeTo(folder: string): void;
  close(): Promise<void>;
}

/**
 * @param title first line, of which the first two words name the operation: `otx train …`
 * @param now time that lines are stamped with.
 */
export function createRunLog(title: string, now: () => Date = () => new Date()): RunLog {
  const files = new Map<string, number>();
  const asked = new Set<string>();
  let opening: Promise<void> = Promise.resolve();
  let kept = stamped(title, now());

  const begin = async (folder: string) => {
    const { Outputs } = await import('../base/outputs/outputs.js');
    const outputs = await Outputs.open({ root: folder });
    try {
      const text = kept;
      const isThere = await outputs.isThere(LOG_FILE);
      // By its first bytes it is known again.
      if (!isThere) await outputs.append(LOG_FILE, text);
      const { O_APPEND, O_RDWR, O_NOFOLLOW = 0 } = constants;
      const file = openSync(outputs.path(LOG_FILE), O_APPEND | O_RDWR | O_NOFOLLOW);
      if (operationOf(headOf(file)) !== operationOf(text)) {
        closeSync(file);
        return;
      }
      files.set(folder, file);
      append(file, isThere ? kept : kept.slice(text.length));
    } finally {
      await outputs.close();
    }
  };
  return {
    add: (text) => {
      const lines = stamped(text, now());
      if (kept.length < MOST_KEPT) kept += lines;
      for (const file of files.values()) append(file, lines);
    },
    writeTo: (given) => {
      const folder = resolve(given);
      if (asked.has(folder)) return;
      asked.add(folder);
      opening = opening.then(() => begin(folder)).catch(() => undefined);
    },
    close: async () => {
      await opening;
      for (const file of files.values()) {
        try {
          closeSync(file);
        } catch {}
      }
      files.clear();
    },
  };
}

function stamped(text: string, time: Date): string {
  const stamp = localTime(time);
  const lines = printable(text).split('\n');
  return lines.map((line) => `${`${stamp}  ${line}`.trimEnd()}\n`).join('');
}

/** Enough for a time and two words. */
const HEAD_BYTES = 200;

function headOf(file: number): string {
  const bytes = Buffer.alloc(HEAD_BYTES);
  return bytes.toString('utf8', 0, readSync(file, bytes, 0, HEAD_BYTES, 0));
}

/** `otx train`, behind the date and the time. */
function operationOf(log: string): string {
  return (log.split('\n')[0] ?? '').split(/\s+/).slice(2, 4).join(' ');
}

/** At once, so that a kill loses nothing. */
function append(file: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  } catch {
    // The disk may be full now and have room again for the next line.
  }
}

/** `2024-05-31 14:03:59` */
function localTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}
