/** @file Addresses of *Ship*: exports and deployments as jobs, their files, and the runtime on which pages try them. */

import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Hono } from 'hono';
import { z } from 'zod';
import { MOST_BYTES, openRegular, readRegular } from '../../files-api.js';
import { findWebRuntime, OtxError } from '../../index.js';
import { bodyOf } from './data-routes.js';
import { Exports } from './exports.js';
import type { Jobs } from './jobs.js';
import { trainingData } from './labels.js';
import { listModels, modelOf } from './models.js';
import type { Runs } from './runs.js';
import { timeName } from './train-routes.js';
import type { Workshop } from './workshop.js';

const exportSchema = z.object({
  model: z.string().max(400),
  /** Whether the files are scored on the labeled images. */
  isScored: z.boolean(),
});
const deploySchema = exportSchema.pick({ model: true });

/** Of `onnxruntime-web`, what its build for WebAssembly loads. */
const RUNTIME: Readonly<Record<string, string>> = {
  'ort.wasm.min.mjs': 'text/javascript',
  'ort-wasm-simd-threaded.mjs': 'text/javascript',
  'ort-wasm-simd-threaded.wasm': 'application/wasm',
};
const MOST_RUNTIME_BYTES = 2 ** 26;
/** The package `otx/web`. */
const SEGMENTER = fileURLToPath(new URL('../../web-api.js', import.meta.url));
const PIECE_BYTES = 2 ** 20;

/** Adds the addresses. */
export function shipRoutes(app: Hono, workshop: Workshop, jobs: Jobs, runs: Runs): void {
  const { project, news, inside } = workshop;
  const exports = new Exports(project, jobs);
  app.get('/api/exports', async (context) =>
    context.json({
      exports: await exports.list(await listModels(runs)),
      hasWebRuntime: webRuntime() !== undefined,
    }),
  );
  app.post('/api/exports', async (context) => {
    const { model, isScored } = await bodyOf(context, exportSchema);
    const { path } = await modelOf(runs, model);
    await inside.check(path);
    await workshop.isOpened;
    const data = isScored
      ? await trainingData(workshop, (done, total) =>
          news.tell({ type: 'progress', what: 'writing masks', done, total }),
        )
      : undefined;
    const id = exports.newName(timeName(), 'export');
    const words = data ? ['benchmark', '--test-data-roots', data.root] : ['export', '--all'];
    await jobs.start(
      id,
      'export',
      [...words, '--load-weights', path, '-o', exports.folder(id)],
      exports.folder(id),
    );
    return context.json({ name: id });
  });
  app.post('/api/deployments', async (context) => {
    const { model } = await bodyOf(context, deploySchema);
    const { path } = await modelOf(runs, model);
    await inside.check(path);
    const id = exports.newName(timeName(), 'deploy');
    const parts = webRuntime() === undefined ? ['--parts', 'node,python'] : [];
    const words = ['deploy', '--zip', ...parts, '--load-weights', path, '-o', exports.folder(id)];
    await jobs.start(id, 'deploy', words, exports.folder(id));
    return context.json({ name: id });
  });
  app.get('/api/exports/:name/files/:path{.+}', async (context) => {
    const { name, path } = context.req.param();
    const file = (await exports.files(name)).find((each) => each.path === path);
    if (!file) throw new OtxError('image', 'there is no such file');
    return streamed(await inside.check(join(exports.folder(name), ...file.path.split('/'))));
  });
  app.get('/runtime/:name', async (context) => {
    const { name } = context.req.param();
    const folder = webRuntime();
    const type = Object.hasOwn(RUNTIME, name) ? RUNTIME[name] : undefined;
    if (type === undefined || folder === undefined) throw new OtxError('image', 'there is nothing here');
    return sent(await readRegular(join(folder, name), MOST_RUNTIME_BYTES), type);
  });
  app.get('/otx-web.js', async () =>
    sent(await readRegular(SEGMENTER, MOST_RUNTIME_BYTES), 'text/javascript'),
  );
}

/** The folder of the runtime for browsers, which need not be installed. */
function webRuntime(): string | undefined {
  try {
    return findWebRuntime();
  } catch {
    return undefined;
  }
}

const sent = (bytes: Uint8Array<ArrayBuffer>, type: string): Response =>
  new Response(bytes, { headers: { 'Content-Type': type, 'Cache-Control': 'private, max-age=3600' } });

/** A file of any size, a piece at a time as the receiver takes them. @throws Unreadable */
async function streamed(path: string): Promise<Response> {
  const { handle, size } = await openRegular(path, MOST_BYTES.weights);
  let sentBytes = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const piece = Buffer.alloc(Math.min(PIECE_BYTES, size - sentBytes));
        const { bytesRead } = await handle.read(piece, 0, piece.length, sentBytes);
        sentBytes += bytesRead;
        if (bytesRead > 0) controller.enqueue(piece.subarray(0, bytesRead));
        if (bytesRead > 0 && sentBytes < size) return;
        await handle.close();
        controller.close();
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 1 },
  );
  const name = basename(path);
  return new Response(body, {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(size),
      'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      'Cache-Control': 'no-store',
    },
  });
}
