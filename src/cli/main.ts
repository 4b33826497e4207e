#!/usr/bin/env node
/** @file Entry point of `otx`: signals, exit codes and the one line in which every failure is told. */

import { CommanderError } from 'commander';
import { messageOf, OtxError } from '../base/errors.js';
import { printable } from '../base/text.js';
import { errorText } from './error-text.js';
import { runCommand } from './program.js';
import { processTerminal } from './terminal.js';

const USAGE = 2;
const INTERRUPTED = 130;

/** Runs the command line of this process; resolves to its exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    process.stderr.write('\notx: stopping after this step (once more to stop at once)\n');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await runCommand(argv, processTerminal(), stop.signal);
    return 0;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    printError(error.message.replace(/^error: /, ''), error);
    return USAGE;
  }
  if (error instanceof OtxError && error.code === 'aborted') {
    process.stderr.write(`otx: ${errorText(error.message)}\n`);
    return INTERRUPTED;
  }
  if (error instanceof OtxError) {
    printError(error.message, error);
    return error.code === 'usage' ? USAGE : 1;
  }
  printError(`unexpected failure: ${messageOf(error)} (OTX_DEBUG=1 shows where)`, error);
  return 1;
}

function printError(message: string, error: unknown): void {
  process.stderr.write(`otx: error: ${errorText(message)}\n`);
  if (process.env.OTX_DEBUG === '1' && error instanceof Error)
    process.stderr.write(printable(`${error.stack}\n`));
}

// `otx find | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main(process.argv.slice(2));
