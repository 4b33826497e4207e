/** @file The program of docs/import.md, checked against the types of the built package and run on it in a folder of its own. */

import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importedOperators } from '../../src/graph/import/operators.js';
import { info, node, onnxFile, weight } from '../graph/onnx-files.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the package, where `otx/graph` is what package.json says. */
const FOLDER = join(ROOT, '.cache', 'import-guide');

beforeAll(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
});
afterAll(() => rm(FOLDER, { recursive: true, force: true }));

/** A small network of the usual kind, as another tool would export it. */
const classifier = (): Uint8Array =>
  onnxFile({
    inputs: [info('image', ['batch', 3, 16, 16])],
    outputs: ['scores'],
    nodes: [
      node('Conv', ['image', 'conv1.weight'], ['c1'], { pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['c1', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'], ['n1']),
      node('Relu', ['n1'], ['r1']),
      node('MaxPool', ['r1'], ['p1'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Conv', ['p1', 'conv2.weight'], ['c2'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('Relu', ['c2'], ['r2']),
      node('Flatten', ['r2'], ['features']),
      node('Gemm', ['features', 'fc.weight', 'fc.bias'], ['scores'], { transB: 1 }),
    ],
    weights: [
      weight('conv1.weight', [8, 3, 3, 3], -0.3, 0.3),
      ...[weight('bn.weight', [8], 0.8, 1.2), weight('bn.bias', [8], -0.2, 0.2)],
      ...[weight('bn.running_mean', [8], -0.2, 0.2), weight('bn.running_var', [8], 0.5, 1.5)],
      weight('conv2.weight', [8, 8, 3, 3], -0.2, 0.2),
      ...[weight('fc.weight', [10, 128], -0.1, 0.1), weight('fc.bias', [10])],
    ],
    opset: 17,
  });

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

const page = () => readFile(join(ROOT, 'docs', 'import.md'), 'utf8');

test('the program of the guide prints what the guide says', async () => {
  const text = await page();
  await writeFile(join(FOLDER, 'classifier.onnx'), classifier());
  await writeFile(join(FOLDER, 'guide.ts'), blocksOf(text, 'ts'));
  const config = {
    extends: '../../tsconfig.json',
    // Without `paths` the name leads where it leads for a user: to the built package.
    compilerOptions: {
      ...{ noUncheckedIndexedAccess: false, noEmit: false, noEmitOnError: true },
      ...{ paths: {}, rootDir: '.', outDir: 'out' },
    },
    include: ['guide.ts'],
  };
  await writeFile(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
  await run(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', FOLDER);
  expect(await run(join('out', 'guide.js'))).toBe(blocksOf(text, 'text'));
  expect((await stat(join(FOLDER, 'tuned.onnx'))).size).toBeGreaterThan(1000);
});

test('the guide names every operator that is imported', async () => {
  const list = (await page()).split('## What is imported')[1]!;
  const named = new Set(list.match(/\b[A-Z][A-Za-z0-9]+\b/g));
  expect(importedOperators.filter((name) => !named.has(name))).toEqual([]);
});
