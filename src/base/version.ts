/** @file The versions of this package and of those it uses, read from their package.json so that they stand in one place. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const manifest: { version: string; peerDependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** Version of the installed package, as in package.json. */
export const version: string = manifest.version;

/**
 * Version of an installed dependency, 'unknown' where it is not found. Not every package lets its package.json be required,
 * so it is looked for above its main file.
 */
export function installedVersion(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string })
        .version;
    } catch {}
  }
  return 'unknown';
}

/** The version of a package that is needed for a part of this one, and is installed by who uses that part. */
export function wantedVersion(name: string): string {
  return manifest.peerDependencies[name] as string;
}
