/**
 * @file How good a model is on each labeled image, and what it takes for what. Images are scored one by one while pages watch; what is
 * scored stays in `scores`, and counts until the weights or the labels are others.
 */

import { stat } from 'node:fs/promises';
import { z } from 'zod';
import {
  MOST_BYTES,
  makeFolder,
  mapConcurrent,
  messageOf,
  parseJson,
  readTextOf,
  writeFileAtomic,
} from '../../files-api.js';
import { ConfusionMatrix, OtxError } from '../../index.js';
import { type Entry, isLabeled, labelsOf } from './catalog.js';
import { type ModelFile, modelOf } from './models.js';
import { checkDrawn } from './pictures.js';
import type { Predictions } from './predictions.js';
import type { Runs } from './runs.js';
import type { Workshop } from './workshop.js';

const count = z.number().int().nonnegative();
const rowSchema = z.object({
  id: z.string(),
  /** Of the file of its labels, by which a change is noticed. */
  labels: z.string(),
  /** As of `otx eval`; null where all pixels are ignored. */
  mDice: z.number().nullable(),
  accuracy: z.number().nullable(),
  /** Pixels of a class that were taken for one; pairs without any are left out. */
  pairs: z.array(z.tuple([count, count, count])),
});
const fileSchema = z.object({
  otxStudioScores: z.literal(1),
  weights: z.string(),
  classes: z.array(z.string()),
  rows: z.array(rowSchema),
});
type Row = z.infer<typeof rowSchema>;

/** Which of the labeled images. */
export const SCORED_SUBSETS = ['labeled', 'train', 'val', 'test'] as const;
export type ScoredSubset = (typeof SCORED_SUBSETS)[number];

/** What is told of a model's scores. */
export interface ScoresView {
  /** Another one where rows that were told are no longer true: all of them are told again. */
  readonly generation: number;
  /** How many were told before. */
  readonly after: number;
  readonly rows: readonly (readonly [
    key: number,
    mDice: number | null,
    accuracy: number | null,
    pairs: Row['pairs'],
  ])[];
  /** What is being scored, of whichever model. */
  readonly work: { readonly model: string; readonly done: number; readonly total: number } | undefined;
  /** Images that could not be scored, and why the last work ended early. */
  readonly problems: readonly string[];
}

interface Held {
  model: ModelFile;
  generation: number;
  rows: Row[];
  problems: string[];
}

interface Work {
  readonly model: string;
  readonly stop: AbortController;
  readonly total: number;
  done: number;
  ended: Promise<void>;
}

const KIND = { code: 'output', expected: 'scores of a studio', maxBytes: MOST_BYTES.annotations } as const;
const STATS_AT_ONCE = 16;
const KEEP_MILLISECONDS = 10_000;

/** Scores of all models. */
export class Scores {
  private readonly held = new Map<string, Promise<Held>>();
  private work: Work | undefined;
  private generation = Date.now();

  constructor(
    private readonly workshop: Workshop,
    private readonly runs: Runs,
    private readonly predictions: Predictions,
  ) {
    workshop.onClose(() => this.stop());
  }

  /** @param known generation and number of the rows that the page has. @throws OtxError `usage` for a model that is not there */
  async view(
    id: string,
    known: { readonly generation: number; readonly after: number },
  ): Promise<ScoresView> {
    const isNew = known.after === 0;
    const held = await this.of(id, isNew);
    const isSame = known.generation === held.generation;
    const after = isSame ? Math.min(known.after, held.rows.length) : 0;
    const { catalog } = this.workshop;
    const { work } = this;
    return {
      generation: held.generation,
      after,
      rows: held.rows.slice(after).flatMap(({ id: name, mDice, accuracy, pairs }) => {
        const entry = catalog.find(name);
        return entry ? [[entry.key, mDice, accuracy, pairs] as const] : [];
      }),
      work: work && { model: work.model, done: work.done, total: work.total },
      problems: held.problems,
    };
  }

  /**
   * Begins to score those labeled images of a subset that have no score yet.
   *
   * @returns how many these are.
   * @throws OtxError `usage` where images are being scored already, and for a model that is not there.
   */
  async start(id: string, subset: ScoredSubset): Promise<number> {
    const held = await this.of(id, true);
    if (this.work)
      throw new OtxError('usage', 'images are being scored already; wait for the end, or stop it');
    const { catalog, project } = this.workshop;
    const scored = new Set(held.rows.map(({ id: name }) => name));
    const entries = catalog.entries.filter(
      (entry) =>
        isLabeled(entry) &&
        !scored.has(entry.id) &&
        (subset === 'labeled' || (project.subsets[entry.id] ?? entry.given) === subset),
    );
    if (entries.length === 0) return 0;
    held.problems = [];
    const stop = new AbortController();
    const work: Work = { model: id, stop, total: entries.length, done: 0, ended: Promise.resolve() };
    this.work = work;
    work.ended = this.scoreAll(held, entries, work).finally(() => {
      this.work = undefined;
      this.tell(work, false);
    });
    return entries.length;
  }

  /** What is scored by then stays. */
  async stop(): Promise<void> {
    this.work?.stop.abort();
    await this.work?.ended;
  }

  private async scoreAll(held: Held, entries: readonly Entry[], work: Work): Promise<void> {
    let kept = performance.now();
    try {
      for (const entry of entries) {
        if (work.stop.signal.aborted) return;
        await this.scoreOne(held, entry);
        work.done += 1;
        this.tell(work, true);
        if (performance.now() - kept < KEEP_MILLISECONDS) continue;
        await this.keep(held);
        kept = performance.now();
      }
    } catch (error) {
      held.problems.push(messageOf(error));
    } finally {
      await this.keep(held).catch((error: unknown) => {
        held.problems.push(messageOf(error));
      });
    }
  }

  /** An image that cannot be read is told, and left out. @throws OtxError of the model */
  private async scoreOne(held: Held, entry: Entry): Promise<void> {
    try {
      checkDrawn(entry);
      const state = await stateOfLabels(entry);
      const { data: truth } = await labelsOf(entry);
      const { model } = held;
      const matrix = new ConfusionMatrix(this.workshop.catalog.classes.length);
      matrix.add(truth, await this.predictions.predict(model.id, entry));
      if ((await modelOf(this.runs, model.id)).state !== model.state) {
        throw new OtxError(
          'checkpoint',
          `${model.id}: the training has written other weights meanwhile; score again when it has ended`,
        );
      }
      const { mDice, aAcc } = matrix.summary();
      const pairs = matrix
        .rows()
        .flatMap((row, at) =>
          row.flatMap((pixels, said): Row['pairs'] => (pixels > 0 ? [[at, said, pixels]] : [])),
        );
      held.rows.push({ id: entry.id, labels: state, mDice: finite(mDice), accuracy: finite(aAcc), pairs });
    } catch (error) {
      if (!(error instanceof OtxError) || error.code === 'checkpoint') throw error;
      held.problems.push(error.message);
    }
  }

  /** The scores of a model. @param isChecked whether weights and labels are held against those that were scored */
  private async of(id: string, isChecked: boolean): Promise<Held> {
    const model = await modelOf(this.runs, id);
    await this.workshop.isOpened;
    const known = this.held.get(id);
    const promise = known ?? this.load(model);
    if (!known) this.held.set(id, promise);
    const held = await promise;
    if (isChecked && this.work?.model !== id) await this.check(held, model);
    return held;
  }

  private async load(model: ModelFile): Promise<Held> {
    const held: Held = { model, generation: this.nextGeneration(), rows: [], problems: [] };
    const text = await readTextOf(this.pathOf(model), KIND).catch(() => undefined);
    if (text === undefined) return held;
    try {
      const { weights, classes, rows } = fileSchema.parse(parseJson(text));
      const { catalog } = this.workshop;
      // The classes of a studio keep their places; of data that was changed outside they may be others.
      const isSame = classes.every((name, index) => catalog.classes[index]?.name === name);
      if (weights === model.state && isSame) held.rows = rows.filter(({ id }) => catalog.find(id));
    } catch {
      // What cannot be read is scored again.
    }
    return held;
  }

  /** Forgets what is no longer true. */
  private async check(held: Held, model: ModelFile): Promise<void> {
    const { catalog } = this.workshop;
    // Rows may come while the files are looked at: these are left alone.
    const { rows } = held;
    const isOther = model.state !== held.model.state;
    const states = await mapConcurrent(rows, STATS_AT_ONCE, async ({ id }) => {
      const entry = isOther ? undefined : catalog.find(id);
      return entry && stateOfLabels(entry);
    });
    const gone = new Set(rows.filter(({ labels }, at) => states[at] !== labels));
    held.model = model;
    if (gone.size === 0) return;
    held.rows = held.rows.filter((row) => !gone.has(row));
    held.generation = this.nextGeneration();
  }

  private async keep({ model, rows }: Held): Promise<void> {
    const { project, catalog } = this.workshop;
    const classes = catalog.classes.map(({ name }) => name);
    const file: z.infer<typeof fileSchema> = { otxStudioScores: 1, weights: model.state, classes, rows };
    await makeFolder(project.at('scores'));
    await writeFileAtomic(this.pathOf(model), `${JSON.stringify(file)}\n`);
  }

  private pathOf({ id }: ModelFile): string {
    return this.workshop.project.at('scores', `${id}.json`);
  }

  private nextGeneration(): number {
    this.generation += 1;
    return this.generation;
  }

  private tell({ model, done, total }: Work, isRunning: boolean): void {
    this.workshop.news.tell({ type: 'score', model, done, total, isRunning });
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Another one with each change of the labels. */
async function stateOfLabels({ own, source }: Entry): Promise<string> {
  const path = own ?? source?.sample.maskPath;
  const facts = path === undefined ? undefined : await stat(path).catch(() => undefined);
  return facts ? `${own === undefined ? 'given' : 'own'}:${facts.size}:${facts.mtimeMs}` : 'none';
}
