/** @file Imports only point down: a file may use its own row of this list and the rows above it, never those below. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Folders of src, the lowest layer first. `index.ts` is the public API, over which the command line is a thin skin. */
const layers: readonly (readonly string[])[] = [
  ['base'],
  ['graph'],
  ['engine'],
  ['nn', 'models', 'losses', 'optim'],
  ['data', 'weights'],
  ['templates', 'methods'],
  ['training'],
  ['export'],
  ['index.js'],
  ['cli'],
];

const source = fileURLToPath(new URL('../src', import.meta.url));

/** The public API gathers everything; tests may look up (the engine is how a graph's values are tested). */
const isExempt = (file: string): boolean => file === 'index.ts' || /\.(test|cases)\.ts$/.test(file);

const rowOf = (folder: string): number => layers.findIndex((row) => row.includes(folder));

/** Module specifiers of static imports, re-exports and dynamic imports, types included. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const pattern = /\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(pattern)].map((match) => (match[1] ?? match[2])!);
}

/** What is wrong with one file's imports, one line each. */
function violations(file: string, text: string): string[] {
  const folder = file.split('/')[0]!;
  if (file.includes('/') && rowOf(folder) < 0)
    return [`src/${file}: the folder is not in the list of layers`];
  return importsOf(text)
    .filter((specifier) => specifier.startsWith('.'))
    .flatMap((specifier) => {
      const target = relative(source, resolve(source, dirname(file), specifier))
        .split(sep)
        .join('/');
      if (target.startsWith('..')) return [`src/${file} imports ${specifier}, which is outside src`];
      const above = rowOf(target.split('/')[0]!) > rowOf(folder);
      return above ? [`src/${file} imports src/${target}, which is in a higher layer`] : [];
    });
}

const files = (readdirSync(source, { recursive: true }) as string[])
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.ts') && !isExempt(file));

test('imports in src point down', () => {
  expect(files.length).toBeGreaterThan(50);
  const found = files.flatMap((file) => violations(file, readFileSync(join(source, file), 'utf8')));
  expect(found).toEqual([]);
});

test('the check sees every form of import', () => {
  const text = `
    /* import '../cli/comment.js'; */
    import type { A } from '../engine/a.js';
    import { b } from '../base/b.js';
    export * from
      '../nn/c.js';
    import '../cli/d.js';
    const e = await import('../training/e.js');
    import { x } from 'zod';
    import { y } from './y.js';
    import { index } from '../index.js';
    import { z } from '../../tests/z.js';
  `;
  expect(violations('graph/passes/deep.ts', text.replaceAll("'../", "'../../"))).toEqual([
    'src/graph/passes/deep.ts imports src/engine/a.js, which is in a higher layer',
    'src/graph/passes/deep.ts imports src/nn/c.js, which is in a higher layer',
    'src/graph/passes/deep.ts imports src/cli/d.js, which is in a higher layer',
    'src/graph/passes/deep.ts imports src/training/e.js, which is in a higher layer',
    'src/graph/passes/deep.ts imports src/index.js, which is in a higher layer',
    'src/graph/passes/deep.ts imports ../../../tests/z.js, which is outside src',
  ]);
  expect(violations('nowhere/x.ts', '')).toEqual([
    'src/nowhere/x.ts: the folder is not in the list of layers',
  ]);
});
