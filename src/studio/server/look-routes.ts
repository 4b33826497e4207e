/** @file Addresses of *Look*: models, what they see in any picture, and how good they are image by image. */

import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { OtxError } from '../../index.js';
import { bodyOf, bytesAs, entryOf } from './data-routes.js';
import { listModels } from './models.js';
import { pictureOfBytes, sizeOfBytes } from './pictures.js';
import type { Predictions, Seen } from './predictions.js';
import type { Runs } from './runs.js';
import { SCORED_SUBSETS, type Scores } from './scores.js';
import type { Workshop } from './workshop.js';

const scoreSchema = z.object({ subset: z.enum(SCORED_SUBSETS) });
const HEAD_BYTES = 16;
const MOST_NAME = 200;

/** What they lead to. */
export interface LookParts {
  readonly runs: Runs;
  readonly predictions: Predictions;
  readonly scores: Scores;
}

/** Adds the addresses. */
export function lookRoutes(app: Hono, workshop: Workshop, { runs, predictions, scores }: LookParts): void {
  app.get('/api/models', async (context) => {
    const models = await listModels(runs);
    return context.json(models.map(({ id, run }) => ({ id, run })));
  });
  app.get('/api/images/:key/look/:model', async (context) =>
    packed(await predictions.look(context.req.param('model'), { entry: entryOf(context, workshop) })),
  );
  // Pictures from elsewhere are sent with each question, and kept nowhere.
  app.post('/api/look/picture', async (context) => {
    const { bytes, name } = await pictureIn(context);
    return bytesAs(await pictureOfBytes(bytes, name), 'image/jpeg', 'no-store');
  });
  app.post('/api/look/seen/:model', async (context) => {
    const { bytes, name } = await pictureIn(context);
    const size = await sizeOfBytes(bytes, name);
    return packed(await predictions.look(context.req.param('model'), { bytes, ...size }));
  });
  app.get('/api/scores/:model', async (context) => {
    const number = (name: string) => {
      const text = context.req.query(name) ?? '0';
      return /^\d{1,15}$/.test(text) ? Number(text) : 0;
    };
    const known = { generation: number('generation'), after: number('after') };
    return context.json(await scores.view(context.req.param('model'), known));
  });
  app.post('/api/scores/:model', async (context) => {
    const { subset } = await bodyOf(context, scoreSchema);
    return context.json({ images: await scores.start(context.req.param('model'), subset) });
  });
  app.post('/api/scoring/stop', async (context) => {
    await scores.stop();
    return context.json({});
  });
}

/** The picture that a request brings. @throws OtxError `image` where there is none */
async function pictureIn(context: Context): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  const name = (context.req.query('name') ?? '').slice(0, MOST_NAME) || 'the picture';
  const bytes = new Uint8Array(await context.req.arrayBuffer());
  if (bytes.length === 0) throw new OtxError('image', `${name}: is empty; expected the file of a picture`);
  return { bytes, name };
}

/** Width, height, threshold (NaN for none) and whether there is confidence, 4 bytes each; confidence, 2 bytes a pixel; labels. All little-endian. */
function packed({ width, height, labels, confidence, threshold }: Seen): Response {
  const ofConfidence = confidence ? 2 * confidence.length : 0;
  const bytes = new Uint8Array(HEAD_BYTES + ofConfidence + labels.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width, true);
  view.setUint32(4, height, true);
  view.setFloat32(8, threshold ?? Number.NaN, true);
  view.setUint32(12, confidence ? 1 : 0, true);
  confidence?.forEach((value, index) => {
    view.setUint16(HEAD_BYTES + 2 * index, value, true);
  });
  bytes.set(labels, HEAD_BYTES + ofConfidence);
  return bytesAs(bytes, 'application/octet-stream', 'no-store');
}
