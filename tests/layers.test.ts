/**
 * @file Imports only point down: a file may use its own row of this list and the rows above it, never those below; and no
 * file imports itself by way of others.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/**
 * Folders of src, the lowest layer first. `graph-api.ts`, `nn-api.ts`, `data-api.ts`, `files-api.ts`, `web-api.ts` and `index.ts` are the
 * public APIs: the graph compiler with its engine, layers for own networks, data without training, tools for files, browsers, and
 * everything, over which the command line is a thin skin and the server of the studio a program like any other.
 */
const layers: readonly (readonly string[])[] = [
  ['base'],
  ['graph'],
  ['engine'],
  ['graph-api.js'],
  ['nn', 'models', 'losses', 'optim'],
  ['nn-api.js'],
  ['synthesis'],
  ['data', 'weights'],
  ['settings'],
  ['runs'],
  ['drawing'],
  ['data-api.js', 'files-api.js'],
  ['page-parts'],
  ['templates', 'methods'],
  ['inference'],
  ['web'],
  ['reports'],
  ['training'],
  ['doctor', 'export'],
  ['web-training'],
  ['web-api.js'],
  ['studies'],
  ['summary'],
  ['index.js'],
  ['demo'],
  ['studio', 'web-page'],
  ['cli'],
];

const source = fileURLToPath(new URL('../src', import.meta.url));

/** Tests may look up (the engine is how a graph's values are tested). */
const isExempt = (file: string): boolean => /\.(test|cases)\.ts$/.test(file);

const rowOf = (folder: string): number => layers.findIndex((row) => row.includes(folder));

/** Module specifiers of static imports, re-exports and dynamic imports, types included. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const pattern = /\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(pattern)].map((match) => (match[1] ?? match[2])!);
}

/** Relative imports of a file of src, each with the path below src that it leads to (ending in `.js`). */
function relativeImportsOf(file: string, text: string): { specifier: string; target: string }[] {
  return importsOf(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({
      specifier,
      target: relative(source, resolve(source, dirname(file), specifier))
        .split(sep)
        .join('/'),
    }));
}

/** What is wrong with one file's imports, one line each. */
function violations(file: string, text: string): string[] {
  const folder = file.split('/')[0]!.replace(/\.ts$/, '.js');
  if (rowOf(folder) < 0) return [`src/${file}: the folder is not in the list of layers`];
  return relativeImportsOf(file, text).flatMap(({ specifier, target }) => {
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

/**
 * What the command line takes besides the public API: what it does as a process (how errors are told and text is made fit for
 * a terminal, what has to be waited for or removed at its end, its log, and its place in a job), the scenes of the quickstart, the
 * server of the studio and the page of `otx web`.
 */
const BESIDE_THE_API = [
  'base/activity.js',
  'base/errors.js',
  'base/launcher.js',
  'base/outputs/outputs.js',
  'base/shell.js',
  'base/switch.js',
  'base/text.js',
  'base/unfinished.js',
  'demo/generate.js',
  'demo/pictures.js',
  'demo/untrained.js',
  'studio/server/studio.js',
  'web-page/web-page.js',
];

test('the command line does all that it does through the public API', () => {
  const own = files.filter((file) => file.startsWith('cli/'));
  expect(own.length).toBeGreaterThan(20);
  const used = own.flatMap((file) =>
    relativeImportsOf(file, readFileSync(join(source, file), 'utf8'))
      .filter(({ target }) => !target.startsWith('cli/') && target !== 'index.js')
      .map(({ target }) => ({ file, target })),
  );
  expect(used.filter(({ target }) => !BESIDE_THE_API.includes(target))).toEqual([]);
  expect([...new Set(used.map(({ target }) => target))].sort()).toEqual(BESIDE_THE_API);
});

/** What the server of the studio stands on: what every program can import. */
const PUBLIC = ['index.js', 'data-api.js', 'files-api.js'];

/** Imports of a server that are neither public, nor of Node or a package, nor its own. */
const besidesPublic = (file: string, text: string): string[] =>
  relativeImportsOf(file, text)
    .map(({ target }) => target)
    .filter((target) => !PUBLIC.includes(target) && !target.startsWith('studio/server/'));

test('the server of the studio is a program over the public API', () => {
  const own = files.filter((file) => file.startsWith('studio/server/'));
  expect(own.length).toBeGreaterThan(20);
  const texts = own.map((file) => [file, readFileSync(join(source, file), 'utf8')] as const);
  expect(
    texts.flatMap(([file, text]) => besidesPublic(file, text).map((target) => ({ file, target }))),
  ).toEqual([]);
  for (const name of PUBLIC)
    expect(
      texts.some(([, text]) => text.includes(`'../../${name}'`)),
      name,
    ).toBe(true);
  const others = `
    import { a } from '../../index.js'; import type { B } from './jobs.js'; import { Hono } from 'hono';
    import type { C } from '../../runs/metrics.js'; const d = await import('../../base/text.js');
    export * from '../pages/api.js';
  `;
  expect(besidesPublic('studio/server/x.ts', others)).toEqual([
    'runs/metrics.js',
    'base/text.js',
    'studio/pages/api.js',
  ]);
});

/** The circles among some files: each as the path of one walk around it, found once. */
function circles(texts: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const { target } of relativeImportsOf(file, texts.get(file)!)) {
      const next = target.replace(/\.js$/, '.ts');
      if (texts.has(next)) visit(next, [...path, file]);
    }
    done.add(file);
  };
  for (const file of texts.keys()) visit(file, []);
  return found;
}

test('no file of src imports itself by way of others, types included', () => {
  expect(circles(new Map(files.map((file) => [file, readFileSync(join(source, file), 'utf8')])))).toEqual([]);
});

test('the search for circles sees short and long ones, and shared files without any', () => {
  const texts = new Map([
    ['a.ts', "import { b } from './b.js'; import './d.js';"],
    ['b.ts', "export * from './deep/c.js';"],
    ['deep/c.ts', "import type { D } from '../d.js'; const a = await import('../a.js');"],
    ['d.ts', ''],
    ['e.ts', "import { e } from './e.js';"],
  ]);
  expect(circles(texts)).toEqual(['a.ts → b.ts → deep/c.ts → a.ts', 'e.ts → e.ts']);
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
