/** @file What models of the studio make of pictures: a few models are open at a time, and are let go of when nobody asks. */

import type { Hono } from 'hono';
import { createTurns } from '../../files-api.js';
import { createSegmenter, type Segmentation, type Segmenter } from '../../index.js';
import type { Entry } from './catalog.js';
import { bytesAs, entryOf } from './data-routes.js';
import { type ModelFile, modelOf } from './models.js';
import { checkDrawn } from './pictures.js';
import type { Runs } from './runs.js';
import type { Workshop } from './workshop.js';

const IDLE_MILLISECONDS = 60_000;
/** As many as pages show side by side. */
const MOST_OPEN = 3;
/** Numbers of all classes of a picture; of larger ones no confidence is told. */
const MOST_PROBABILITIES = 2 ** 26;
/** Parts of a confidence of 1. */
export const CONFIDENCE_PARTS = 10_000;

/** What a model sees in a picture. */
export interface Seen {
  readonly width: number;
  readonly height: number;
  /** Most probable class of each pixel, as indices of the studio, whatever the threshold of the model. */
  readonly labels: Uint8Array;
  /** How probable that class is, in ten thousandths rounded down; undefined of pictures that are too large for it: labels are then those of the threshold. */
  readonly confidence: Uint16Array | undefined;
  /** Of the model: what is less probable is background. */
  readonly threshold: number | undefined;
}

/** What is looked at: an image of the studio, or a file that is sent. */
export type Looked =
  | { readonly entry: Entry }
  | { readonly bytes: Uint8Array; readonly width: number; readonly height: number };

interface Open {
  readonly model: ModelFile;
  readonly segmenter: Promise<Segmenter>;
}

/** Opens models when they are asked for. */
export class Predictions {
  /** Those asked for last are last. */
  private open: readonly Open[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly takeTurn = createTurns(1);

  constructor(
    private readonly workshop: Workshop,
    private readonly runs: Runs,
  ) {
    workshop.onClose(() => this.close());
  }

  /** The class of each pixel of an image of the studio. @throws OtxError `usage` for a run without weights, `image` */
  predict(model: string, entry: Entry): Promise<Uint8Array> {
    return this.takeTurn(async () => {
      const segmenter = await this.segmenterOf(model);
      const { labels } = await segmenter.segment(await this.pathOf(entry));
      return this.renumbered(segmenter, labels);
    });
  }

  /**
   * The same with the confidence, of which any threshold follows.
   *
   * @throws OtxError `usage` for a run without weights, `image`
   */
  look(model: string, picture: Looked): Promise<Seen> {
    return this.takeTurn(async () => {
      const segmenter = await this.segmenterOf(model);
      const source = 'bytes' in picture ? picture.bytes : await this.pathOf(picture.entry);
      const { width, height } = 'bytes' in picture ? picture : picture.entry;
      const probabilities = width * height * segmenter.classes.length <= MOST_PROBABILITIES;
      return this.seen(segmenter, await segmenter.segment(source, { probabilities }));
    });
  }

  private seen(segmenter: Segmenter, { labels, width, height, probabilities }: Segmentation): Seen {
    const { threshold } = segmenter;
    const size = { width, height, threshold };
    if (!probabilities) {
      return { ...size, labels: this.renumbered(segmenter, labels), confidence: undefined };
    }
    const pixels = width * height;
    const best = labels.slice();
    const confidence = new Uint16Array(pixels);
    for (let i = 0; i < pixels; i++) {
      // Only where the threshold has made background of it may another class be the best.
      if (threshold !== undefined && best[i] === 0) {
        for (let k = 1; k < segmenter.classes.length; k++) {
          if (probabilities[k * pixels + i]! > probabilities[best[i]! * pixels + i]!) best[i] = k;
        }
      }
      confidence[i] = Math.floor(probabilities[best[i]! * pixels + i]! * CONFIDENCE_PARTS);
    }
    return { ...size, labels: this.renumbered(segmenter, best), confidence };
  }

  /** With the classes of the studio; one that it does not have is background. */
  private renumbered({ classes }: Segmenter, labels: Uint8Array): Uint8Array {
    const names = this.workshop.catalog.classes.map(({ name }) => name);
    const indices = classes.map(({ name }) => Math.max(0, names.indexOf(name)));
    return labels.map((label) => indices[label]!);
  }

  private async pathOf(entry: Entry): Promise<string> {
    checkDrawn(entry);
    return this.workshop.inside.check(entry.imagePath);
  }

  /** Newer weights of the same run are another model. */
  private async segmenterOf(id: string): Promise<Segmenter> {
    clearTimeout(this.timer);
    // In its turn: what takes long is not let go of meanwhile.
    this.timer = setTimeout(() => void this.takeTurn(() => this.close()), IDLE_MILLISECONDS).unref();
    const model = await modelOf(this.runs, id);
    await this.workshop.inside.check(model.path);
    const known = this.open.find(
      ({ model: { path, state } }) => path === model.path && state === model.state,
    );
    const others = this.open.filter((each) => each !== known);
    const stays = others.filter(({ model: { path } }) => path !== model.path).slice(1 - MOST_OPEN);
    const opened = known ?? { model, segmenter: createSegmenter({ weights: model.path }) };
    this.open = [...stays, opened];
    await dispose(others.filter((each) => !stays.includes(each)));
    opened.segmenter.catch(() => {
      this.open = this.open.filter((each) => each !== opened);
    });
    return opened.segmenter;
  }

  /** Lets go of the models. */
  async close(): Promise<void> {
    const { open } = this;
    this.open = [];
    await dispose(open);
  }
}

async function dispose(some: readonly Open[]): Promise<void> {
  await Promise.all(
    some.map(({ segmenter }) => segmenter.then((each) => each.dispose()).catch(() => undefined)),
  );
}

/** Adds the addresses. */
export function predictionRoutes(app: Hono, workshop: Workshop, predictions: Predictions): void {
  app.get('/api/images/:key/prediction/:model', async (context) => {
    const labels = await predictions.predict(context.req.param('model'), entryOf(context, workshop));
    return bytesAs(labels, 'application/octet-stream', 'no-store');
  });
}
