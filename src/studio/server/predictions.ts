/** @file What models of the studio make of its pictures: one model is open at a time, and is let go of when nobody asks. */

import type { Hono } from 'hono';
import { OtxError } from '../../base/errors.js';
import { createTurns } from '../../base/turns.js';
import { createSegmenter, type Segmenter } from '../../index.js';
import type { Entry } from './catalog.js';
import { bytesAs, entryOf } from './data-routes.js';
import { checkDrawn } from './pictures.js';
import type { Runs } from './runs.js';
import type { Workshop } from './workshop.js';

const IDLE_MILLISECONDS = 60_000;

/** Opens models when they are asked for. */
export class Predictions {
  private open: { readonly run: string; readonly segmenter: Promise<Segmenter> } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly takeTurn = createTurns(1);

  constructor(
    private readonly workshop: Workshop,
    private readonly runs: Runs,
  ) {
    workshop.onClose(() => this.close());
  }

  /** The class of each pixel. @throws OtxError `usage` for a run without weights, `image` */
  predict(run: string, entry: Entry): Promise<Uint8Array> {
    return this.takeTurn(async () => {
      const segmenter = await this.segmenterOf(run);
      const path = await this.workshop.inside.check(entry.imagePath);
      checkDrawn(entry);
      const { labels } = await segmenter.segment(path);
      const names = this.workshop.catalog.classes.map(({ name }) => name);
      const indices = segmenter.classes.map(({ name }) => Math.max(0, names.indexOf(name)));
      return labels.map((label) => indices[label]!);
    });
  }

  private async segmenterOf(run: string): Promise<Segmenter> {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.close(), IDLE_MILLISECONDS).unref();
    if (this.open?.run !== run) {
      await this.close();
      const segmenter = createSegmenter({ weights: this.runs.folder(run) });
      this.open = { run, segmenter };
      segmenter.catch(() => {
        this.open = undefined;
      });
    }
    return this.open!.segmenter;
  }

  /** Lets go of the model, so that newer weights of the same run are read the next time. */
  async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    await open?.segmenter.then((segmenter) => segmenter.dispose()).catch(() => undefined);
  }
}

/** Adds the addresses. */
export function predictionRoutes(app: Hono, workshop: Workshop, predictions: Predictions): void {
  app.get('/api/images/:key/prediction/:run', async (context) => {
    const run = context.req.param('run');
    if (!/^[\w-]+$/.test(run)) throw new OtxError('image', 'there is no such run');
    const labels = await predictions.predict(run, entryOf(context, workshop));
    return bytesAs(labels, 'application/octet-stream', 'no-store');
  });
}
