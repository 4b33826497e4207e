/** @file The scripts that show what no single command can: memory does not grow. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
/**
 * With one pool of memory: how many a C library keeps for its threads, and how full each is, is chance. And without garbage: when it
 * is collected is chance too.
 */
const run = (name: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, ['--expose-gc', path(name), ...args], {
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  });

it.each(['masks', 'adapter'])(
  'validation of more images needs no more memory (%s)',
  async (reading) => {
    // The first dozens of images fill heaps and pools; growth shows behind them.
    const { stdout } = await run('validation-memory.mjs', '60', '120', '128x128', reading);
    const [, megabytes] = /difference: (-?[\d.]+) MB/.exec(stdout) ?? [];
    expect(Number(megabytes)).toBeLessThan(15);
  },
  300_000,
);

it('the hash of a tree sees every kind of change', async () => {
  const { treeHash } = (await import(path('tree-hash.mjs'))) as { treeHash(root: string): Promise<string> };
  const root = await mkdtemp(join(tmpdir(), 'otx-tree-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'a'));
  const file = join(root, 'a', 'b.txt');
  const write = async (text: string) => {
    await writeFile(file, text);
    await utimes(file, 1e9, 1e9);
    await utimes(join(root, 'a'), 1e9, 1e9);
  };
  await write('one');
  const seen = [await treeHash(root)];
  expect(await treeHash(root)).toBe(seen[0]);
  const changes: (() => Promise<unknown>)[] = [
    () => write('two'),
    () => utimes(file, 1e9, 1e9 + 1),
    () => chmod(file, 0o600),
    () => symlink('a', join(root, 'link')),
    () => mkdir(join(root, 'empty')),
    () => rm(file),
  ];
  for (const change of changes) {
    await change();
    const hash = await treeHash(root);
    expect(seen).not.toContain(hash);
    seen.push(hash);
  }
});
