/** @file Where a training ran: what one needs to know to repeat it or to explain a difference. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { version } from '../base/version.js';

/** Libraries whose versions change results in the last bits. */
const LIBRARIES = ['onnxruntime-node', 'sharp'];

/** Versions and machine, for `environment.json`; nothing of the user's environment variables. */
export function describeEnvironment(command?: string): Record<string, string | number> {
  const require = createRequire(import.meta.url);
  const versions = LIBRARIES.map((name): [string, string] => [name, installedVersion(require, name)]);
  return {
    otx: version,
    node: process.version,
    ...Object.fromEntries(versions),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    memory_gib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    ...(command === undefined ? {} : { command }),
  };
}

/** Not every package lets its package.json be required, so it is looked for above its main file. */
function installedVersion(require: NodeJS.Require, name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string })
        .version;
    } catch {}
  }
  return 'unknown';
}
