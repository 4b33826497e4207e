/** @file Finds the built JavaScript of a worker thread: threads cannot load TypeScript, and tests run straight from the sources. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OtxError } from './errors.js';

/**
 * URL of a worker module that lies next to the calling module.
 *
 * From a built package this is plain resolution. From the TypeScript sources (`src/**.ts`) it is the built twin under
 * `dist/`, which must exist.
 * @param importMetaUrl `import.meta.url` of the caller.
 * @param relative path of the worker with its `.js` ending, e.g. `./worker.js`.
 * @throws OtxError `engine` when called from the sources before they were built.
 */
export function workerUrl(importMetaUrl: string, relative: string): URL {
  const resolved = new URL(relative, importMetaUrl);
  if (!new URL(importMetaUrl).pathname.endsWith('.ts')) return resolved;

  const cut = resolved.href.lastIndexOf('/src/');
  const built = new URL(`${resolved.href.slice(0, cut)}/dist/${resolved.href.slice(cut + '/src/'.length)}`);
  if (!existsSync(fileURLToPath(built))) {
    throw new OtxError(
      'engine',
      `${fileURLToPath(built)} is missing: worker threads run built code; run "npm run build"`,
    );
  }
  return built;
}
