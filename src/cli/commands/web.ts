/** @file `otx web`. */

import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import type { CommandContext } from './context.js';
import { openBrowser, parsePort, untilAborted } from './local-page.js';

interface Flags {
  readonly port?: number;
  readonly open: boolean;
  readonly output?: string;
}

export function addWeb(program: Command, { terminal, run }: CommandContext): void {
  program
    .command('web')
    .description(
      'a page that trains in the browser, from pictures that stay in it (needs the package onnxruntime-web)',
    )
    .option('--port <number>', 'port of 127.0.0.1 (default: any that is free)', parsePort)
    .option('--no-open', 'print the address, and open no browser')
    .option('-o, --output <folder>', 'write the page into a folder for any web server, and serve nothing')
    .action(async ({ port, open, output }: Flags) => {
      if (output !== undefined && port !== undefined) {
        throw new OtxError(
          'usage',
          '--output and --port are both given; a page that is written is not served',
        );
      }
      // Other commands need not wait for a server to be loaded.
      const { servePage, writePage } = await import('../../web-page/web-page.js');
      await run(
        async ({ signal }) => {
          if (output !== undefined) {
            const files = await writePage(output);
            terminal.print(
              `written ${output}: ${files.length} files, to be served by any web server (docs/web.md says with which headers)`,
            );
            return;
          }
          const page = await servePage(port);
          terminal.print(
            `page at ${page.address}; Ctrl-C ends it, and what was not saved is lost with its tab`,
          );
          if (open) openBrowser(page.address);
          await untilAborted(signal);
          page.close();
        },
        { isQuiet: true },
      );
    });
}
