/** @file `otx studio`. */

import { spawn } from 'node:child_process';
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from './context.js';

interface Flags {
  readonly port?: number;
  readonly open: boolean;
  readonly readOnly?: boolean;
}

export function addStudio(program: Command, { terminal, run }: CommandContext): void {
  program
    .command('studio')
    .description('label, train, look and correct, in the browser of this machine')
    .argument(
      '<data>',
      'folder of pictures, a data set of any format, the folder of a studio, or that of a training, whose report is shown',
    )
    .option('--port <number>', 'port of 127.0.0.1 (default: any that is free)', parsePort)
    .option('--no-open', 'print the address, and open no browser')
    .option('--read-only', 'change nothing and start nothing')
    .action(async (data: string, { port, open, readOnly }: Flags) => {
      // Other commands need not wait for a server to be loaded.
      const { openStudio } = await import('../../studio/server/studio.js');
      await run(
        async ({ signal }) => {
          const otx = [process.execPath, process.argv[1]!];
          const studio = await openStudio({ data, port, isReadOnly: readOnly, otx });
          terminal.print(`studio at ${studio.address}`);
          if (open) openBrowser(studio.address);
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve();
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
          await studio.close();
        },
        { isQuiet: true },
      );
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new InvalidArgumentError('expected a number from 1 to 65535');
}

/** Whoever has no browser has the address. */
function openBrowser(address: string): void {
  const [program, ...words] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', address]
        : ['xdg-open', address];
  const child = spawn(program!, words, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
