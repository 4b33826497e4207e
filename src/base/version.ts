/** @file The version of this package, read from its package.json so that it stands in one place. */

import { readFileSync } from 'node:fs';

const manifest: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** Version of the installed package, as in package.json. */
export const { version } = manifest;
