/** @file Labeled images on which several forms of one model are scored: they are opened and looked at once. */

import {
  createEvalLoader,
  type DataSource,
  type Dataset,
  matchClasses,
  openSource,
  type Size,
  type SubsetRole,
  settleClasses,
  verifyDataset,
} from '../../data/index.js';
import type { OpenedModel } from '../../inference/opened-model.js';
import { noticesOf, tileFor } from '../../inference/tiles/tile.js';
import { windowNetworkOf } from '../../inference/tiles/window-network.js';
import { type ScoredImage, score } from '../../inference/validate.js';
import type { JobEvent } from '../../runs/events.js';
import type { SegmentationMetrics } from '../../runs/metrics.js';
import type { RunOptions } from '../../settings/run-vocabulary.js';

/** How a data set is read. */
export const READING = ['dataFormat', 'useOtxAdapter', 'assume', 'bands'] as const;

/** Which data, and how it is read. */
export interface TestDataOptions extends Pick<RunOptions, (typeof READING)[number]> {
  /** Root of a data set with masks (docs/data.md has the layouts). */
  readonly testData: DataSource;
  /** Of a root with several subsets, which one is meant. Default test. */
  readonly role?: SubsetRole | undefined;
  /** So many images, evenly spread over the data set. Default: all. */
  readonly most?: number | undefined;
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Images whose classes are those of a model. */
export interface TestData {
  readonly dataset: Dataset;
  /** Of the classes of the model, those that are scored. */
  readonly indices: readonly number[];
}

const WORKERS = 2;

/** @throws OtxError `dataset` */
export async function openTestData(
  {
    testData,
    role = 'test',
    most,
    dataFormat,
    useOtxAdapter,
    assume,
    bands,
    onEvent,
    signal,
  }: TestDataOptions,
  model: OpenedModel,
): Promise<TestData> {
  const { classes, data } = model;
  const opened = await openSource(testData, {
    ...{ format: dataFormat, role, useOtxAdapter, assume, bands, workers: WORKERS, signal },
    isLeftOpen: true,
  });
  const dataset = await settleClasses(opened, { workers: WORKERS, signal, ...data });
  for (const message of matchClasses(dataset, classes, 'the model').notices) {
    onEvent?.({ type: 'notice', message });
  }
  const { dataset: decided } = await verifyDataset(some(dataset, most), {
    workers: WORKERS,
    belongsTo: data,
    onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'check', done, total }),
    signal,
  });
  const matched = matchClasses(decided, classes, 'the model');
  for (const message of noticesOf(model, matched.dataset.samples)) {
    onEvent?.({ type: 'notice', message });
  }
  return matched;
}

function some(dataset: Dataset, most = Number.POSITIVE_INFINITY): Dataset {
  const { samples } = dataset;
  if (samples.length <= most) return dataset;
  const chosen = Array.from({ length: most }, (_, i) => samples[Math.floor((i * samples.length) / most)]!);
  return { ...dataset, samples: chosen };
}

/** Scores as in training. @param onPrediction sees every image, in the order of the data set */
export async function scoresOn(
  { dataset, indices }: TestData,
  model: OpenedModel,
  onPrediction: (image: ScoredImage) => void,
  { onEvent, signal }: Pick<TestDataOptions, 'onEvent' | 'signal'>,
): Promise<SegmentationMetrics> {
  const { classes, inputSize, classify, tiling } = model;
  const loader = createEvalLoader(dataset, {
    ...{ inputSize, workers: WORKERS, isTiled: (size: Size) => tileFor(tiling, size) !== undefined },
    ...(signal ? { signal } : {}),
  });
  try {
    const matrix = await score(loader, classify, {
      ...{
        classes: classes.length,
        windows: { tiling, network: windowNetworkOf(model) },
        signal,
        onPrediction,
      },
      onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'evaluate', done, total }),
    });
    return matrix.summary(indices);
  } finally {
    await loader.dispose();
  }
}
