/** @file The program of docs/graph.md, checked against the types of the built package and run on it from a folder of its own. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the package, where `otx/graph` is what package.json says. */
const FOLDER = join(ROOT, '.cache', 'guide');
/** Settings of this repository that a reader's project need not have. */
const USUAL = { noUncheckedIndexedAccess: false };

beforeAll(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
});
afterAll(() => rm(FOLDER, { recursive: true, force: true }));

function run(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { cwd: FOLDER }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${words.join(' ')} failed:\n${stdout}${stderr}`));
      else resolve(stdout);
    });
  });
}

/** The fenced blocks of one language, joined. */
const blocksOf = (page: string, language: string): string =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))]
    .map(([, code]) => code)
    .join('');

test('the program of the guide prints what the guide says', async () => {
  const page = await readFile(join(ROOT, 'docs', 'graph.md'), 'utf8');
  await writeFile(join(FOLDER, 'guide.ts'), blocksOf(page, 'ts'));
  const config = {
    extends: '../../tsconfig.json',
    // Without `paths` the name leads where it leads for a user: to the built package.
    compilerOptions: { ...USUAL, noEmit: false, noEmitOnError: true, paths: {}, rootDir: '.', outDir: 'out' },
    include: ['guide.ts'],
  };
  await writeFile(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
  await run(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', FOLDER);
  expect(await run(join('out', 'guide.js'))).toBe(blocksOf(page, 'text'));
  expect((await stat(join(FOLDER, 'disc.onnx'))).size).toBeGreaterThan(100);
});
