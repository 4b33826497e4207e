/**
 * @file Runs a command line in the process of the tests: the same commands with the same text and exit codes, without the start of a
 * process and with code that is warm, which takes a fraction of the time. What belongs to the process, such as signals, text that gets
 * lost, and what is printed by others, is for `otx()`, as are variables and current folders of its own.
 */
import { printable } from '../../src/base/text.js';
import { failureCode, failureText } from '../../src/cli/failure.js';
import { runCommand } from '../../src/cli/program.js';
import { createRunLog } from '../../src/cli/run-log.js';
import { createTerminal } from '../../src/cli/terminal.js';
import type { TextStream } from '../../src/cli/text-stream.js';
import { type Outcome, WITHOUT_NPM, withOneThread } from './otx.js';

/** What a command has printed, how it would have ended, and what it has thrown. */
export interface OutcomeHere extends Outcome {
  readonly error: unknown;
}

/** `otx ...args` from the code in src/. */
export async function otxHere(args: readonly string[]): Promise<OutcomeHere> {
  let stdout = '';
  const stream: TextStream = {
    ...{ isTerminal: false, columns: undefined, rows: undefined, failure: undefined },
    write: (text) => {
      stdout += text;
    },
    flush: async () => true,
  };
  const log = createRunLog(['otx', ...args].join(' '));
  const own = { signal: new AbortController().signal, log, startWork: () => undefined };
  const restore = clearVariables(Object.keys(WITHOUT_NPM));
  let error: unknown;
  try {
    await runCommand(withOneThread(args), createTerminal({ stdout: stream, log }), own);
  } catch (thrown) {
    error = thrown;
  } finally {
    restore();
  }
  const told = error === undefined ? '' : printable(failureText('otx', error));
  if (told !== '') log.add(told);
  await log.close();
  return {
    code: error === undefined ? 0 : failureCode(error),
    stdout,
    stderr: told === '' ? '' : `${told}\n`,
    error,
  };
}

/** Takes variables away. @returns what puts them back */
function clearVariables(names: readonly string[]): () => void {
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  return () => {
    for (const [name, value] of before) if (value !== undefined) process.env[name] = value;
  };
}
