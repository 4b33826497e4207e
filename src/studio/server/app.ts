/** @file The addresses of the studio: pages, pictures, and what pages ask for and change. */

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { streamSSE } from 'hono/streaming';
import { messageOf } from '../../files-api.js';
import { OtxError } from '../../index.js';
import { checkRoutes } from './check-routes.js';
import { dataRoutes } from './data-routes.js';
import { type GuardOptions, guard } from './guard.js';
import type { Jobs } from './jobs.js';
import { SavedElsewhere } from './labels.js';
import { lookRoutes } from './look-routes.js';
import { nextRoutes } from './next-routes.js';
import { pageRoutes } from './page-routes.js';
import { Predictions, predictionRoutes } from './predictions.js';
import type { Runs } from './runs.js';
import { Scores } from './scores.js';
import { shipRoutes } from './ship-routes.js';
import { teachRoutes } from './teach-routes.js';
import { Teachers } from './teachers.js';
import { trainRoutes } from './train-routes.js';
import type { Workshop } from './workshop.js';

/** Bytes of a request, but for files and masks, which have limits of their own. */
const MOST_BYTES = 2 ** 20;
/** Bytes of a mask or of a file that is brought in. */
export const MOST_FILE_BYTES = 64 * 2 ** 20;
/** Pages that listen at a time. */
const MOST_LISTENERS = 16;
/** News is sent at least this often, so that a lost connection is noticed. */
const BEAT_MILLISECONDS = 15_000;

/** What addresses lead to. */
export interface AppOptions extends GuardOptions {
  readonly jobs: Jobs;
  readonly runs: Runs;
}

/** The server without its port. */
export function createApp(workshop: Workshop, { jobs, runs, ...options }: AppOptions): Hono {
  const root = new Hono({ strict: false });
  root.use(guard(options));
  root.use('/:token/api/*', compress());
  root.use((context, next) => {
    const isFile = /\/api\/(images\/\d+\/labels|imports\/|look\/)/.test(context.req.path);
    const maxSize = isFile ? MOST_FILE_BYTES : MOST_BYTES;
    const onError = () =>
      context.json({ error: `more than ${Math.round(maxSize / 2 ** 20)} MiB are not taken at once` }, 413, {
        Connection: 'close',
      });
    return bodyLimit({ maxSize, onError })(context, next);
  });
  const app = new Hono({ strict: false });
  app.get('/api/news', (context) => {
    if (workshop.news.size >= MOST_LISTENERS) {
      return context.json({ error: 'too many pages of this studio are open; close one' }, 429);
    }
    return streamSSE(context, async (stream) => {
      const stop = workshop.news.listen((news) => void stream.writeSSE({ data: JSON.stringify(news) }));
      stream.onAbort(stop);
      workshop.signal.addEventListener('abort', () => stream.abort(), { once: true });
      await stream.writeSSE({ data: JSON.stringify({ type: 'project' }) });
      while (!stream.aborted && !workshop.signal.aborted) {
        await stream.sleep(BEAT_MILLISECONDS);
        if (!stream.aborted) await stream.writeSSE({ event: 'beat', data: '' });
      }
      stop();
    });
  });
  dataRoutes(app, workshop);
  checkRoutes(app, workshop, jobs);
  trainRoutes(app, workshop, jobs, runs);
  const predictions = new Predictions(workshop, runs);
  predictionRoutes(app, workshop, predictions);
  lookRoutes(app, workshop, { runs, predictions, scores: new Scores(workshop, runs, predictions) });
  shipRoutes(app, workshop, jobs, runs);
  nextRoutes(app, workshop, jobs, runs);
  teachRoutes(app, new Teachers(workshop, runs));
  pageRoutes(app);
  root.route('/:token', app);
  root.notFound((context) => context.json({ error: 'there is nothing here' }, 404));
  root.onError((error, context) => {
    if (error instanceof SavedElsewhere) return context.json({ error: error.message }, 412);
    if (error instanceof OtxError) return context.json({ error: error.message }, statusOf(error));
    if (isOfFiles(error)) {
      const advice = 'is the folder still there, may it be written, and is there room on the disk?';
      return context.json({ error: `${error.path}: cannot be used (${error.message}); ${advice}` }, 409);
    }
    return context.json({ error: `unexpected failure: ${messageOf(error)}` }, 500);
  });
  return root;
}

/** What the file system has refused. */
const isOfFiles = (error: Error): error is Error & { readonly path: string } =>
  'syscall' in error && 'path' in error;

function statusOf({ code }: OtxError): 400 | 404 | 409 | 500 {
  if (code === 'usage') return 400;
  if (code === 'image' || code === 'dataset' || code === 'checkpoint') return 404;
  return code === 'output' ? 409 : 500;
}
