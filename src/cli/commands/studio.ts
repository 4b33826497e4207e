/** @file `otx studio`. */

import type { Command } from 'commander';
import type { CommandContext } from './context.js';
import { openBrowser, parsePort, untilAborted } from './local-page.js';

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
          await untilAborted(signal);
          await studio.close();
        },
        { isQuiet: true },
      );
    });
}
