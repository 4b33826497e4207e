/** @file Files are opened for reading in one module, which refuses pipes, devices and what is too large; all others use it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('../src', import.meta.url));

/** What opens a file to read it: calls of the file system, and of the image decoder with a path. */
const readers =
  /(?<!Outputs\.|Manifest\.)\b(readFile|readFileSync|createReadStream|open|openSync|openAsBlob|opendir|readv?Sync|watch|watchFile)\s*\(|\bsharp\(\s*(path|file|input|`|'|")/g;

/** Modules that may, and why. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // The gate itself.
  'base/read-file.ts': ['open', 'openSync', 'readSync'],
  // Opens new files to write them, and a folder to flush it.
  'base/atomic.ts': ['open'],
  // Opens files to write them, by the record of what this program may write.
  'base/outputs/outputs.ts': ['open'],
  'base/outputs/manifest.ts': ['open'],
  // What the system says of a process, in /proc.
  'base/outputs/lock.ts': ['readFile'],
  'base/temporary-name.ts': ['readFileSync'],
  // Files of this package and of those it is installed with, whose paths no user gives.
  'base/version.ts': ['readFileSync'],
  'engine/step-cache.ts': ['readFileSync'],
  // Opens files of its own making to append to them.
  'weights/part-file.ts': ['open'],
  // /dev/null, to see whether files can be opened; the log of a run; what the system says of the standard input.
  'cli/start.ts': ['openSync'],
  'cli/run-log.ts': ['openSync', 'readSync'],
  'cli/signals.ts': ['readFileSync'],
  // Reads headers without the rest, of paths that the gate has let through.
  'data/images/decoder.ts': ['sharp'],
};

/** Names of the readers that a module calls. */
function readersIn(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const isImported = /from 'node:fs(\/promises)?'|import\('node:fs|require\('(node:)?fs|from 'fs/.test(code);
  return [...code.matchAll(readers)]
    .filter((match) => match[1] === undefined || isImported)
    .map((match) => match[1] ?? 'sharp');
}

const files = (readdirSync(source, { recursive: true }) as string[])
  .map((file) => file.split(sep).join('/'))
  .filter((file) => /(?<!\.(test|cases))\.ts$/.test(file));

test('no module but the gate opens files to read them', () => {
  expect(files.length).toBeGreaterThan(150);
  const found = files.flatMap((file) =>
    readersIn(readFileSync(join(source, file), 'utf8'))
      .filter((reader) => !allowed[file]?.includes(reader))
      .map((reader) => `src/${file} calls ${reader}; use src/base/read-file.ts`),
  );
  expect(found).toEqual([]);
});

test('the check sees every way to read, and the list has nothing that is not used', () => {
  const text = `
    import { readFile } from 'node:fs/promises';
    // readFile(x)
    await readFile(path); fs.createReadStream(path); openSync(path); sharp(path); sharp(bytes); reopen(x); zip.read(1);
  `;
  expect(readersIn(text)).toEqual(['readFile', 'createReadStream', 'openSync', 'sharp']);
  for (const [file, names] of Object.entries(allowed)) {
    const used = readersIn(readFileSync(join(source, file), 'utf8'));
    expect(new Set(used), file).toEqual(new Set(names));
  }
});
