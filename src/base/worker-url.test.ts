import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { workerUrl } from './worker-url.js';

it('resolves next to a built module', () => {
  expect(workerUrl('file:///pkg/dist/data/pool.js', './worker.js').href).toBe(
    'file:///pkg/dist/data/worker.js',
  );
});

it('finds the built twin of a source module', () => {
  const url = workerUrl(import.meta.url, './errors.js');
  expect(fileURLToPath(url)).toMatch(/dist.base.errors\.js$/);
  expect(existsSync(url)).toBe(true);
});

it('asks for a build when there is none', () => {
  expect(() => workerUrl('file:///pkg/src/data/pool.ts', './worker.js')).toThrow('npm run build');
});
