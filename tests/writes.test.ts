/**
 * @file Nothing in src writes past the gate for outputs (`src/base/outputs`): who may change the file system, and by what, is
 * listed here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** Names of node:fs that leave everything as it is; `open` is none, since it also makes files. */
const READING = new Set(
  (
    'access closeSync constants createReadStream Dirent existsSync FileHandle fstatSync lstat lstatSync readFile readSync ' +
    'readFileSync readdir readdirSync readlink realpath realpathSync stat statSync Stats'
  ).split(' '),
);

/** The low-level pieces of the gate, whose use is as good as that of node:fs. */
const PIECES = ['writeFileAtomic', 'writeAtomically'];

/** What else a file may use. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // The gate itself.
  'base/atomic.ts': ['copyFile', 'link', 'open', 'rename', 'rm'],
  'base/make-folder.ts': ['mkdir'],
  'base/temporary-name.ts': ['rm'],
  // The lock of a folder, which is neither kept nor an output, and its heart beat.
  'base/outputs/claim.ts': ['utimes'],
  // Links to pictures, or copies of them, under names that nothing has.
  'base/outputs/link-file.ts': ['copyFile', 'symlink'],
  // The link to the newest run of a workspace, which replaces links alone.
  'base/outputs/pointer.ts': ['rename', 'rm', 'symlink'],
  'base/outputs/lock.ts': ['rm', 'writeAtomically'],
  'base/outputs/manifest.ts': ['open', 'rm', 'writeAtomically'],
  'base/outputs/outputs.ts': ['open', 'rm', 'rmdir', 'writeAtomically'],
  // Caches, whose files have names of digests or of published files, in folders of their own.
  'data/images/image-cache.ts': ['writeFileAtomic'],
  'engine/kept.ts': ['writeFileAtomic'],
  'engine/step-cache.ts': ['rm', 'utimes', 'writeFileAtomic'],
  'weights/checksum.ts': ['writeFileAtomic'],
  'weights/part-file.ts': ['copyFile', 'open', 'rename', 'rm', 'writeFileAtomic'],
  // Offers it to programs.
  'files-api.ts': ['writeFileAtomic'],
  // A mask of a program's own, in the place of an earlier one.
  'drawing/index-mask.ts': ['writeFileAtomic'],
  // The folder of a studio, in which masks go to a history before they are replaced.
  ...Object.fromEntries(
    ['data-routes', 'next-routes', 'pictures', 'project', 'scores', 'train-routes'].map((name) => [
      `studio/server/${name}.ts`,
      ['writeFileAtomic'],
    ]),
  ),
  // And a picture that it has put there, whose mask never came; the note of how a job ended that is started again.
  'studio/server/labels.ts': ['rm', 'writeFileAtomic'],
  'studio/server/jobs.ts': ['rm', 'writeFileAtomic'],
  // Removes what is being written when the process has to end at once.
  'base/unfinished.ts': ['rmSync'],
  // A file that must not be there yet, which whoever started the process has named.
  'cli/exit-note.ts': ['writeFileSync'],
  // Goes on at the end of a file that the gate has made or recognised.
  'cli/run-log.ts': ['openSync', 'writeSync'],
  // Stdout and stderr; /dev/null is opened to see whether files can be.
  'cli/start.ts': ['openSync', 'writeSync'],
  'cli/text-stream.ts': ['writeSync'],
  // The gate for reading.
  'base/read-file.ts': ['open', 'openSync'],
  // Only make what is not there yet.
  'demo/generate.ts': ['writeAtomically'],
  'cli/quickstart/fresh-folder.ts': ['mkdir'],
};

/** What a file uses that changes the file system. */
function writesOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = new Set<string>();
  for (const [, names, module] of code.matchAll(
    /\b(?:import|export)\b([^;'"]*?)\bfrom\s*['"]([^'"]+)['"]/g,
  )) {
    const isFs = /^(node:)?fs(\/promises)?$/.test(module!);
    if (!isFs && !/\/(atomic|files-api)\.js$/.test(module!)) continue;
    const braces = /^\s*(?:type\s*)?\{([^}]*)\}\s*$/.exec(names!);
    // A whole module under one name could be used for anything.
    if (!braces) found.add(`all of ${module}`);
    for (const item of (braces?.[1] ?? '').split(',')) {
      const [name] = item
        .replace(/\btype\b/, '')
        .trim()
        .split(/\s+as\s+/) as [string];
      if (name === '' || /^\s*type\b/.test(item)) continue;
      if (isFs ? !READING.has(name) : PIECES.includes(name)) found.add(name);
    }
  }
  for (const [, module] of code.matchAll(
    /\b(?:import|require|getBuiltinModule)\s*\(\s*['"]((?:node:)?fs(?:\/promises)?)['"]/g,
  )) {
    found.add(`all of ${module}`);
  }
  for (const [, name] of code.matchAll(
    /\.(toFile|tile|createWriteStream|writeFileSync|appendFileSync)\s*\(/g,
  ))
    found.add(name!);
  return [...found].sort();
}

const files = (readdirSync(source, { recursive: true }) as string[])
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.ts') && !/\.(test|cases)\.ts$/.test(file));

test('only the gate for outputs, and caches, change the file system', () => {
  expect(files.length).toBeGreaterThan(50);
  const found = Object.fromEntries(
    files.flatMap((file) => {
      const writes = writesOf(readFileSync(join(source, file), 'utf8'));
      return writes.length > 0 ? [[file, writes]] : [];
    }),
  );
  expect(found).toEqual(
    Object.fromEntries(Object.entries(allowed).map(([file, names]) => [file, [...names].sort()])),
  );
});

test.each([
  ["import { writeFile } from 'node:fs/promises';", ['writeFile']],
  ["import { readFile, rm as remove,\n  type FileHandle } from 'fs/promises';", ['rm']],
  ["import * as fs from 'node:fs';", ['all of node:fs']],
  ["import fs, { readFile } from 'fs';", ['all of fs']],
  ["const { rmSync } = await import('node:fs');", ['all of node:fs']],
  ["export { unlink } from 'node:fs/promises';", ['unlink']],
  ["import { outputError, writeFileAtomic } from '../../base/atomic.js';", ['writeFileAtomic']],
  ["import { writeFileAtomic } from '../../files-api.js';", ['writeFileAtomic']],
  ["await sharp(image)\n  .png()\n  .toFile('a.png');", ['toFile']],
  ["import { readFile, stat } from 'node:fs/promises';\nimport type { Dirent } from 'node:fs';", []],
  ["// import { rm } from 'node:fs';\n/* import { rm } from 'node:fs'; */", []],
])('the check sees every way: %s', (text, expected) => {
  expect(writesOf(text)).toEqual(expected);
});
