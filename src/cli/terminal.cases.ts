/** @file A terminal for tests, which keeps what it is told. */

import { runCommand } from './program.js';
import { createRunLog } from './run-log.js';

/** One that shows nothing. @param print what is printed */
export const terminalOf = (print: (text: string) => void = () => undefined) => ({
  live: false,
  columns: 80,
  print,
  bar: () => ({ update: () => undefined, stop: () => undefined }),
});

/** What commands have of their process, in a test. */
export const testHost = () => ({
  signal: new AbortController().signal,
  log: createRunLog('otx'),
  startWork: () => undefined,
});

/** What a command line prints. */
export async function otx(...words: readonly string[]): Promise<string> {
  const printed: string[] = [];
  await runCommand(
    words,
    terminalOf((text) => void printed.push(text)),
    testHost(),
  );
  return printed.join('\n');
}
