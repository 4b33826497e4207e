/** @file What an exported file is like, measured on that very file: how it scores, what it sees differently, and how fast it is. */

import { abortable } from '../../base/abortable.js';
import { median } from '../../base/quantile.js';
import { atInputSize } from '../../data/images/network-input.js';
import type { Size } from '../../data/index.js';
import { openModel, openTrained } from '../../inference/open-model.js';
import type { OpenedModel } from '../../inference/opened-model.js';
import type { TrainedModel, TrainedModelOptions } from '../../inference/trained-model.js';
import { drawFormulaPicture } from '../../synthesis/formula/picture.js';
import { openTestData, scoresOn, type TestData, type TestDataOptions } from './test-data.js';

/** What was measured on one file. */
export interface FileMeasure {
  /** Mean Dice on the data, background included; undefined without data. */
  readonly mDice: number | undefined;
  /** That of the file less that of the trained model. */
  readonly diceDifference: number | undefined;
  /** Share of the pixels that have the class which the trained model gives them, 0 to 1. */
  readonly equalPixels: number;
  /** How many pictures were compared. */
  readonly pictures: number;
  /** Median time for one picture at the size of the input, classes included. */
  readonly milliseconds: number;
  /** From opening the file to the classes of its first picture. */
  readonly firstMilliseconds: number;
}

/** How to measure. */
export interface MeasureOptions extends Pick<TrainedModelOptions, 'onEvent' | 'signal'> {
  /** Threads of ONNX Runtime. Default: all that the process may use. */
  readonly threads?: number | undefined;
  /** Labeled images. Default: pictures by formula, which have no score. */
  readonly data?: TestDataOptions | undefined;
}

/** Pictures by formula, and those of a data set that are compared pixel by pixel. */
const GENERATED = 8;
export const MOST_COMPARED = 64;
const TIMED_RUNS = 20;
/** Enough for a median of a slow network. */
const FEWEST_RUNS = 5;
const TIMING_MILLISECONDS = 10_000;

/** What the trained model sees, with which files are compared. */
export interface Reference {
  /** @throws OtxError `checkpoint` for a file that cannot be read */
  measure(file: string): Promise<FileMeasure>;
}

/**
 * Looks at the pictures with the trained model, once for all files.
 *
 * @param weights its path, for messages.
 * @throws OtxError `dataset`
 */
export async function createReference(
  trained: TrainedModel,
  weights: string,
  options: MeasureOptions,
): Promise<Reference> {
  const { threads, data, onEvent, signal } = options;
  const model = await openTrained(trained, { weights, threads, signal });
  try {
    const test = data && (await openTestData({ ...data, onEvent, signal }, model));
    const pictures = generated(model);
    const expected = await look(model, test, pictures, options);
    return {
      measure: async (file) => {
        const start = performance.now();
        const exported = await openModel({ weights: file, threads, signal });
        try {
          await exported.classify(pictures[0]!, exported.inputSize);
          const firstMilliseconds = performance.now() - start;
          const found = await look(exported, test, pictures, options);
          return {
            mDice: found.mDice,
            diceDifference: found.mDice === undefined ? undefined : found.mDice - expected.mDice!,
            equalPixels: equalShare(found.labels, expected.labels),
            pictures: expected.labels.length,
            milliseconds: await timed(exported, pictures[0]!, signal),
            firstMilliseconds,
          };
        } finally {
          await exported.dispose();
        }
      },
    };
  } finally {
    await model.dispose();
  }
}

/** What a model sees. */
interface Seen {
  readonly labels: readonly Uint8Array[];
  readonly mDice: number | undefined;
}

async function look(
  model: OpenedModel,
  test: TestData | undefined,
  pictures: readonly Uint8Array[],
  options: MeasureOptions,
): Promise<Seen> {
  const labels: Uint8Array[] = [];
  if (!test) {
    for (const picture of pictures) {
      const classified = abortable(
        model.classify(picture, model.inputSize),
        options.signal,
        'a file was measured',
      );
      labels.push((await classified).labels);
    }
    return { labels, mDice: undefined };
  }
  const keep = ({ prediction }: { prediction: Uint8Array }) => {
    if (labels.length < MOST_COMPARED) labels.push(prediction.slice());
  };
  const { mDice } = await scoresOn(test, model, keep, options);
  return { mDice, labels };
}

/** At the size of the input, HWC RGB. */
function generated({ classes, inputSize }: OpenedModel): Uint8Array[] {
  const side = Math.max(inputSize.width, inputSize.height);
  return Array.from({ length: GENERATED }, (_, index) => {
    const drawn = drawFormulaPicture({
      side,
      classes: Math.max(classes.length, 2),
      pictures: 'surfaces',
      key: `export ${index}`,
    });
    return atInputSize({ ...drawn, data: drawn.image }, inputSize);
  });
}

/** Share of the pixels that have the same class in both, 0 to 1. */
export function equalShare(found: readonly Uint8Array[], expected: readonly Uint8Array[]): number {
  let equal = 0;
  let all = 0;
  for (const [index, labels] of expected.entries()) {
    const others = found[index]!;
    for (let i = 0; i < labels.length; i++) if (labels[i] === others[i]) equal += 1;
    all += labels.length;
  }
  return equal / all;
}

async function timed(
  model: OpenedModel,
  picture: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { inputSize }: { inputSize: Size } = model;
  const times: number[] = [];
  const end = performance.now() + TIMING_MILLISECONDS;
  while (times.length < TIMED_RUNS && (times.length < FEWEST_RUNS || performance.now() < end)) {
    const start = performance.now();
    await abortable(model.classify(picture, inputSize), signal, 'a file was measured');
    times.push(performance.now() - start);
  }
  return median(times);
}
