/** @file The images that decide how a network is rounded: some that it learned from to look at, and those that it is scored on. */

import { OtxError } from '../../base/errors.js';
import { createEvalLoader, type Size } from '../../data/index.js';
import type { OpenedModel } from '../../inference/opened-model.js';
import { diceAverage } from '../../runs/metrics.js';
import { MOST_COMPARED } from '../measure/measure-file.js';
import { scoresOn, type TestData, type TestDataOptions } from '../measure/test-data.js';
import type { Batches } from './calibrate.js';

const WORKERS = 2;

type Hooks = Pick<TestDataOptions, 'onEvent' | 'signal'>;

/** Inputs of a network, so many images each; the last batch is filled up with its last image. To be disposed of. */
export function batchesOf(
  { dataset }: TestData,
  { inputSize, batch, onEvent, signal }: { readonly inputSize: Size; readonly batch: number } & Hooks,
): Batches & { dispose(): Promise<void> } {
  const loader = createEvalLoader(dataset, { inputSize, workers: WORKERS, ...(signal ? { signal } : {}) });
  async function* batches(): AsyncGenerator<Float32Array> {
    let images: Float32Array[] = [];
    let done = 0;
    for await (const { image } of loader) {
      if (signal?.aborted) throw new OtxError('aborted', `stopped after ${done} of ${loader.length} images`);
      images.push(image);
      done += 1;
      if (images.length < batch && done < loader.length) continue;
      while (images.length < batch) images.push(image);
      yield joined(images);
      images = [];
      onEvent?.({ type: 'progress', task: 'calibrate', done, total: loader.length });
    }
  }
  return { [Symbol.asyncIterator]: batches, dispose: () => loader.dispose() };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What a model makes of the images. */
export interface Scores {
  /** Mean Dice with background, as in training. */
  readonly mDice: number;
  /** Mean Dice without background, as {@link evaluate} calls it. */
  readonly diceAverage: number;
  /** Classes by pixel of the first images. */
  readonly labels: readonly Uint8Array[];
}

export async function scoresOf(images: TestData, model: OpenedModel, hooks: Hooks): Promise<Scores> {
  const labels: Uint8Array[] = [];
  const keep = ({ prediction }: { readonly prediction: Uint8Array }) => {
    if (labels.length < MOST_COMPARED) labels.push(prediction.slice());
  };
  const metrics = await scoresOn(images, model, keep, hooks);
  return { mDice: metrics.mDice, diceAverage: diceAverage(metrics), labels };
}
