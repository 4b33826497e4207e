/** Runs the tour of src/cli/quickstart in a folder (default: ./quickstart). Needs "npm run build". */

import { quickstart } from '../dist/cli/quickstart/quickstart.js';
import { processTerminal } from '../dist/cli/terminal.js';
import { OtxError } from '../dist/index.js';

const [folder = 'quickstart'] = process.argv.slice(2);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => (stop.signal.aborted ? process.exit(130) : stop.abort()));
}
try {
  await quickstart({ folder, terminal: processTerminal(), signal: stop.signal });
} catch (error) {
  if (!(error instanceof OtxError)) throw error;
  console.error(`quickstart: ${error.message}`);
  process.exitCode = error.code === 'aborted' ? 130 : 1;
}
