/** @file A studio as a process of its own, with its address. */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../bin/otx.js', import.meta.url));

/** A studio that runs. */
export interface RunningStudio {
  /** With the secret, and a slash behind it. */
  readonly address: string;
  readonly process: ChildProcess;
  /** From the start of the process to its address, in its own time where the system tells: others who use the machine do not count. */
  readonly milliseconds: number;
  /** Asks it to end. @returns its exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** What a process has computed so far, in milliseconds, by Linux's hundredths of a second; undefined elsewhere. */
function ownTimeOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}

/** Starts `otx studio` with these words and waits for the line with its address. */
export function startStudio(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningStudio> {
  const start = performance.now();
  const child = spawn(process.execPath, [MAIN, 'studio', '--no-open', ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const [, address] = /^studio at (\S+)$/m.exec(text) ?? [];
      if (address === undefined) return;
      resolve({
        address,
        process: child,
        milliseconds: ownTimeOf(child.pid!) ?? performance.now() - start,
        stop: (signal = 'SIGTERM') => {
          child.kill(signal);
          return ended;
        },
      });
    });
    void ended.then((code) => reject(new Error(`the studio ended with ${code}: ${text}`)));
  });
}
