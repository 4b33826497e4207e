/** @file The files of the pages, which lie beside the server in the package. */

import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Hono } from 'hono';
import { readRegular } from '../../files-api.js';
import { OtxError } from '../../index.js';
import { COMPUTING_POLICY } from './guard.js';

const FOLDER = fileURLToPath(new URL('../pages/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const MOST_BYTES = 2 ** 20;
/** Runs exported files. */
const COMPUTING = 'segmenter.js';

/** Only names that are in the folder are looked for. */
export function pageRoutes(app: Hono): void {
  const names = new Set(readdirSync(FOLDER).filter((name) => Object.hasOwn(TYPES, extname(name))));
  const send = async (name: string): Promise<Response> => {
    if (!names.has(name)) throw new OtxError('image', 'there is nothing here');
    const bytes = await readRegular(`${FOLDER}${name}`, MOST_BYTES);
    const policy = name === COMPUTING ? COMPUTING_POLICY : {};
    return new Response(bytes, { headers: { 'Content-Type': TYPES[extname(name)]!, ...policy } });
  };
  // What the page loads is found beside its address, which therefore ends with a slash.
  app.get('/', async (context) =>
    new URL(context.req.url).pathname.endsWith('/')
      ? await send('index.html')
      : context.redirect(`${context.req.path}/`),
  );
  app.get('/:name', (context) => send(context.req.param('name')));
}
