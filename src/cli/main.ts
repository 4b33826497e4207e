#!/usr/bin/env node
/** @file Entry point of `otx`. Everything but the guard of the process is loaded inside of it. */

import { start } from './start.js';

await start('otx', async () => {
  const [{ runCommand }, { createTerminal }] = await Promise.all([
    import('./program.js'),
    import('./terminal.js'),
  ]);
  return (own) => runCommand(process.argv.slice(2), createTerminal(own), own);
});
