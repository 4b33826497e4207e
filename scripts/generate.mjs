/** Draws a data set out of nothing: FOLDER/train, FOLDER/val and, if asked for, FOLDER/unlabeled. Needs "npm run build". */

import { start } from '../dist/cli/start.js';

await start('generate', async () => {
  const [{ generate }, { createTerminal }] = await Promise.all([
    import('../dist/cli/quickstart/generate.js'),
    import('../dist/cli/terminal.js'),
  ]);
  return async (own) => {
    own.startWork();
    await generate({ words: process.argv.slice(2), terminal: createTerminal(own), signal: own.signal });
  };
});
