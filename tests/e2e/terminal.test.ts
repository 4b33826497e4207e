/** @file A job that outlives its terminal. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../bin/otx.js', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-terminal-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An option of Node that runs `code` first. */
function plant(code: string): string {
  return `--import=data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}

async function contentOf(path: string): Promise<string> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
  return readFile(path, 'utf8');
}

describe.skipIf(!hasScript())('a terminal', () => {
  // A list that nobody can read is a failure.
  test.each([
    [0, 'find > /dev/null'],
    [1, 'find'],
    [2, 'find --task nonsense'],
  ])('that is gone does not change the exit code %i', async (code, words) => {
    const status = join(folder, `status-${code}`);
    const isStarted = join(folder, `started-${code}`);
    // Begins with a terminal, and does nothing before that is gone.
    const wait = plant(
      'import { writeFileSync } from "node:fs"; import { isatty } from "node:tty"; process.on("SIGHUP", () => {});' +
        `writeFileSync(${JSON.stringify(isStarted)}, String(isatty(0))); while (isatty(0));`,
    );
    const line = `trap '' HUP; '${process.execPath}' '${wait}' '${MAIN}' ${words}; echo $? > '${status}.part'; mv '${status}.part' '${status}'`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, SHELL: '/bin/sh' },
    });
    expect(await contentOf(isStarted)).toBe('true');
    terminal.kill('SIGKILL');
    expect(await contentOf(status)).toBe(`${code}\n`);
  });
});

function hasScript(): boolean {
  try {
    return /util-linux/.test(execFileSync('script', ['--version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}
