/**
 * @file Notes how a process has ended, for whoever started it and may not be there any more: the studio finds the exit codes of its
 * jobs again after it was killed itself. A process that is killed leaves no note, which says enough.
 */

import { writeFileSync } from 'node:fs';

/** Names the file of the note, which must not be there yet. */
const VARIABLE = 'OTX_EXIT_NOTE';

/** Has the end of this process noted where that was asked for: its number and its exit code. Processes that it starts are not asked. */
export function noteExit(): void {
  const path = process.env[VARIABLE];
  delete process.env[VARIABLE];
  if (path === undefined || path === '') return;
  process.on('exit', (code) => {
    try {
      writeFileSync(path, `${process.pid} ${code}\n`, { flag: 'wx' });
    } catch {
      // Whoever asked finds none, and takes the process for one that was killed.
    }
  });
}
