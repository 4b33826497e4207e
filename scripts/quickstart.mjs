/** Runs the tour of src/cli/quickstart in a folder (default: ./quickstart), on pictures of a look. Needs "npm run build". */

import { start } from '../dist/cli/start.js';

await start('quickstart', async () => {
  const [{ quickstart, readQuickstart }, { createTerminal }] = await Promise.all([
    import('../dist/cli/quickstart/quickstart.js'),
    import('../dist/cli/terminal.js'),
  ]);
  return async (own) => {
    own.startWork();
    await quickstart({
      ...readQuickstart(process.argv.slice(2)),
      terminal: createTerminal(own),
      signal: own.signal,
      onOutput: own.log.writeTo,
    });
  };
});
