/** @file What *Look* asks the server for, and what follows from it without asking: any threshold, and what is taken for what. */

import { ConfusionMatrix } from '../../runs/metrics.js';
import { type ClassInfo, get, getBytes, type Picture, sendForBytes } from './api.js';

/** A model of the studio. */
export interface ModelRow {
  /** `RUN`, or `RUN@CHECKPOINT`. */
  readonly id: string;
  readonly run: string;
}

/** What a model sees in a picture. */
export interface Seen {
  readonly width: number;
  readonly height: number;
  /** Most probable class of each pixel. */
  readonly labels: Uint8Array;
  /** Its probability in ten thousandths; undefined of a large picture, whose threshold is the model's. */
  readonly confidence: Uint16Array | undefined;
  /** Of the model. */
  readonly threshold: number | undefined;
}

/** A picture from elsewhere. */
export interface OwnPicture {
  readonly name: string;
  readonly file: Blob;
}

/** A picture on the page, with what its models see. */
export interface Shown {
  readonly image: ImageBitmap;
  /** Undefined where there are none. */
  readonly truth: Uint8Array | undefined;
  readonly seen: readonly { readonly model: string; readonly seen: Seen }[];
}

const HEAD_BYTES = 16;
const PARTS = 10_000;
const IGNORED = 255;

function unpackSeen(bytes: Uint8Array): Seen {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [width, height] = [view.getUint32(0, true), view.getUint32(4, true)];
  const threshold = view.getFloat32(8, true);
  const hasConfidence = view.getUint32(12, true) === 1;
  const end = HEAD_BYTES + (hasConfidence ? 2 * width * height : 0);
  return {
    ...{ width, height, labels: bytes.slice(end) },
    threshold: Number.isNaN(threshold) ? undefined : threshold,
    confidence: hasConfidence ? new Uint16Array(bytes.slice(HEAD_BYTES, end).buffer) : undefined,
  };
}

const bitmapOf = (bytes: Uint8Array): Promise<ImageBitmap> =>
  createImageBitmap(new Blob([bytes as BlobPart]));

/** An image of the studio. @throws ServerError */
export async function look({ key, labels }: Picture, models: readonly string[]): Promise<Shown> {
  const [image, truth, ...seen] = await Promise.all([
    getBytes(`api/images/${key}/picture`).then(bitmapOf),
    labels === '' ? undefined : getBytes(`api/images/${key}/labels`),
    ...models.map((model) =>
      getBytes(`api/images/${key}/look/${encodeURIComponent(model)}`).then(unpackSeen),
    ),
  ]);
  return { image, truth, seen: seen.map((each, at) => ({ model: models[at]!, seen: each })) };
}

/** A picture from elsewhere. @throws ServerError */
export async function lookAtOwn({ name, file }: OwnPicture, models: readonly string[]): Promise<Shown> {
  const query = `?name=${encodeURIComponent(name)}`;
  const [image, ...seen] = await Promise.all([
    sendForBytes(`api/look/picture${query}`, file).then(bitmapOf),
    ...models.map((model) =>
      sendForBytes(`api/look/seen/${encodeURIComponent(model)}${query}`, file).then(unpackSeen),
    ),
  ]);
  return { image, truth: undefined, seen: seen.map((each, at) => ({ model: models[at]!, seen: each })) };
}

/** The classes by a threshold: what is less probable is background. @param threshold undefined for that of the model */
export function labelsAt(
  { labels, confidence, threshold: own }: Seen,
  threshold: number | undefined,
): Uint8Array {
  const least = Math.round((threshold ?? own ?? 0) * PARTS);
  if (!confidence || least === 0) return labels;
  return labels.map((label, at) => (confidence[at]! < least ? 0 : label));
}

/** Mean Dice of a picture over the classes that occur; NaN where all is ignored. */
export function diceOf(truth: Uint8Array, labels: Uint8Array, { length }: readonly ClassInfo[]): number {
  const matrix = new ConfusionMatrix(length);
  matrix.add(truth, labels);
  return matrix.summary().mDice;
}

/** Pixels of one class that are taken for another. */
export type Pair = readonly [truth: number, said: number];

/** 1 where the pair is. */
export const pixelsOf = (truth: Uint8Array, labels: Uint8Array, [is, said]: Pair): Uint8Array =>
  truth.map((label, at) => (label === is && label !== IGNORED && labels[at] === said ? 1 : 0));

/** One scored image. */
export interface ScoreRow {
  readonly key: number;
  readonly mDice: number | null;
  readonly pairs: readonly (readonly [truth: number, said: number, pixels: number])[];
}

/** Scores of a model as far as they are known. */
export interface ModelScores {
  readonly model: string;
  readonly generation: number;
  readonly rows: readonly ScoreRow[];
  readonly work: { readonly model: string; readonly done: number; readonly total: number } | undefined;
  readonly problems: readonly string[];
}

interface Answer extends Pick<ModelScores, 'generation' | 'work' | 'problems'> {
  readonly after: number;
  readonly rows: readonly (readonly [number, number | null, number | null, ScoreRow['pairs']])[];
}

/** What came since, behind what is known. @throws ServerError */
export async function getScores(model: string, known: ModelScores | undefined): Promise<ModelScores> {
  const before = known?.model === model ? known : undefined;
  const query = before ? `?generation=${before.generation}&after=${before.rows.length}` : '';
  const { generation, after, rows, work, problems } = await get<Answer>(
    `api/scores/${encodeURIComponent(model)}${query}`,
  );
  const more = rows.map(([key, mDice, , pairs]): ScoreRow => ({ key, mDice, pairs }));
  const all = [...(before?.rows.slice(0, after) ?? []), ...more];
  return { model, generation, rows: all, work, problems };
}

/** Pixels of all scored images between two classes, rows by truth. */
export function confusionOf(rows: readonly ScoreRow[], classes: number): ConfusionMatrix {
  const matrix = new ConfusionMatrix(classes);
  for (const { pairs } of rows) {
    for (const [truth, said, pixels] of pairs) {
      if (truth < classes && said < classes) matrix.counts[truth * classes + said]! += pixels;
    }
  }
  return matrix;
}

/** Pixels of a pair in an image. */
export const pixelsIn = ({ pairs }: ScoreRow, [is, said]: Pair): number =>
  pairs.find(([truth, other]) => truth === is && other === said)?.[2] ?? 0;
