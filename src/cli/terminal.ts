/** @file Where the command line writes: results to stdout, errors to stderr, a live bar only where a person watches. */

import { SingleBar } from 'cli-progress';
import { printable, printableLine } from '../base/text.js';
import type { RunLog } from './run-log.js';
import type { TextStream } from './text-stream.js';

/** Text output of a command. */
export interface Terminal {
  /** True when a person watches: output can be redrawn. */
  readonly live: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** One line (or block) that stays. What of it would steer a terminal is written as an escape. */
  print(text: string): void;
  /** What can be drawn on, where a person watches. */
  readonly screen?: Screen | undefined;
  /**
   * A bar for `total` items; draws nothing when output is not a terminal.
   *
   * @param values of the `{placeholders}` in the format until the first update.
   */
  bar(format: string, total: number, values?: Record<string, string>): Bar;
}

/** A terminal as a surface. */
export interface Screen {
  /** Lines of text. */
  readonly rows: number;
  /** Characters in a line. */
  readonly columns: number;
  /**
   * Steers and draws: nothing of this is escaped, or kept in the log. Resolves when it was taken, or when the terminal takes nothing
   * for a while.
   */
  draw(text: string): Promise<void>;
}

/** A line that is redrawn in place. */
export interface Bar {
  /** @param values for the `{placeholders}` of the format. */
  update(done: number, values?: Record<string, string>): void;
  /** Ends the bar and removes its line. */
  stop(): void;
}

const SILENT: Bar = { update: () => undefined, stop: () => undefined };

/** Where a size is not known. */
const USUAL_COLUMNS = 80;
const USUAL_ROWS = 24;
/** A terminal that is held must not hold what is drawn on it. */
const DRAW_MILLISECONDS = 1000;

export interface TerminalOptions {
  readonly stdout: TextStream;
  /** Gets what stays. */
  readonly log: Pick<RunLog, 'add'>;
}

/** A terminal that writes to `stdout`. */
export function createTerminal({ stdout, log }: TerminalOptions): Terminal {
  const live = stdout.isTerminal;
  return {
    live,
    get columns() {
      return stdout.columns || USUAL_COLUMNS;
    },
    screen: live ? screenOf(stdout) : undefined,
    print: (text) => {
      const clean = printable(text);
      stdout.write(`${clean}\n`);
      log.add(clean);
    },
    bar: (format, total, initial) => {
      if (!live) return SILENT;
      const bar = new SingleBar({
        format,
        stream: streamOf(stdout),
        barsize: 16,
        clearOnComplete: true,
        hideCursor: true,
        linewrap: true,
        // Signals belong to the command: it saves before it leaves.
        gracefulExit: false,
      });
      bar.start(total, 0, clean(initial));
      return { update: (done, values) => bar.update(done, clean(values)), stop: () => bar.stop() };
    },
  };
}

function screenOf(stdout: TextStream): Screen {
  return {
    get rows() {
      return stdout.rows || USUAL_ROWS;
    },
    get columns() {
      return stdout.columns || USUAL_COLUMNS;
    },
    draw: async (text) => {
      stdout.write(text);
      await stdout.flush(DRAW_MILLISECONDS);
    },
  };
}

/** What cli-progress needs of a stream: writing and the width. */
function streamOf(stdout: TextStream): NodeJS.WriteStream {
  const stream = {
    isTTY: true,
    get columns() {
      return stdout.columns;
    },
    write: (text: string) => {
      stdout.write(text);
      return true;
    },
  };
  return stream as unknown as NodeJS.WriteStream;
}

/** Values of a bar, which has but one line. */
function clean(values: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, printableLine(value)]));
}
