/**
 * @file The first thing that is loaded: looks whether the rest can be. Without descriptors or a current folder Node itself
 * fails somewhere in the middle of loading.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Load } from './host.js';

/** Modules are read side by side. */
const FILES_AT_ONCE = 160;

/** Runs a job by {@link host}, where that is possible. */
export async function start(name: string, load: Load): Promise<void> {
  const problem = folderProblem() ?? descriptorProblem();
  if (problem === undefined) {
    const { host } = await import('./host.js');
    await host(name, load);
    return;
  }
  process.exitCode = 1;
  try {
    writeSync(2, `${name}: error: ${problem}\n`);
  } catch {}
}

function folderProblem(): string | undefined {
  try {
    process.cwd();
    return undefined;
  } catch {
    return 'the current folder does not exist any more, or may not be entered; change to another one';
  }
}

function descriptorProblem(): string | undefined {
  const opened: number[] = [];
  try {
    while (opened.length < FILES_AT_ONCE) opened.push(openSync(devNull, 'r'));
    return undefined;
  } catch {
    return (
      `only ${opened.length} more files may be open at once, ${FILES_AT_ONCE} are needed: raise the limit, e.g. with ` +
      '"ulimit -n 1024"'
    );
  } finally {
    for (const file of opened) closeSync(file);
  }
}
