/** Runs the tour of src/cli/quickstart in a folder (default: ./quickstart). Needs "npm run build". */

import { start } from '../dist/cli/start.js';

const [folder = 'quickstart'] = process.argv.slice(2);
await start('quickstart', async () => {
  const [{ quickstart }, { createTerminal }] = await Promise.all([
    import('../dist/cli/quickstart/quickstart.js'),
    import('../dist/cli/terminal.js'),
  ]);
  return async (own) => {
    own.startWork();
    await quickstart({
      folder,
      terminal: createTerminal(own),
      signal: own.signal,
      onOutput: own.log.writeTo,
    });
  };
});
