/** @file A run folder opened alone: its report, made anew when the run has gone on. Nothing can be changed or started here. */

import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Hono } from 'hono';
import { createTurns, messageOf } from '../../files-api.js';
import { EVENTS_FILE, isReportable, REPORT_POLICY, renderReport } from '../../index.js';
import { guard } from './guard.js';
import { listen, type Studio } from './listen.js';
import { STUDIO_FILE } from './project.js';

/** Whether a folder is that of a run or of a study, and not of a studio. */
export async function isReportAlone(folder: string): Promise<boolean> {
  if (await stat(join(folder, STUDIO_FILE)).catch(() => undefined)) return false;
  return isReportable(folder);
}

/** Serves the report. @throws OtxError `usage` where no port can be had */
export async function openReportStudio(given: {
  readonly run: string;
  readonly port: number;
}): Promise<Studio> {
  const run = resolve(given.run);
  const token = randomBytes(16).toString('hex');
  const stop = new AbortController();
  const takeTurn = createTurns(1);
  let made: { readonly state: string; readonly html: string } | undefined;
  const report = () =>
    takeTurn(async () => {
      const state = await stateOf(run);
      if (made?.state !== state) made = { state, html: await renderReport({ run, signal: stop.signal }) };
      return made.html;
    });
  let bound = given.port;
  const root = new Hono({ strict: false });
  root.use(guard({ token, port: () => bound, isReadOnly: true }));
  root.get('/:token', async (context) =>
    context.html(await report(), 200, {
      'Content-Security-Policy': `${REPORT_POLICY}; frame-ancestors 'none'`,
    }),
  );
  root.notFound((context) => context.json({ error: 'there is nothing here' }, 404));
  root.onError((error, context) => context.json({ error: messageOf(error) }, 500));
  const server = await listen(root.fetch, given.port);
  bound = (server.address() as AddressInfo).port;
  return {
    address: `http://127.0.0.1:${bound}/${token}/`,
    folder: run,
    close: async () => {
      stop.abort();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Changes as the run goes on. */
async function stateOf(run: string): Promise<string> {
  const files = [EVENTS_FILE, 'results.json', 'exports.json', join('models', 'last.safetensors')];
  const facts = await Promise.all(files.map((file) => stat(join(run, file)).catch(() => undefined)));
  return facts.map((each) => (each ? `${each.mtimeMs} ${each.size}` : '')).join();
}
