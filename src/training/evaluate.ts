/** @file Scoring a trained model on a data set. */

import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { OtxError } from '../base/errors.js';
import { type ClassInfo, createEvalLoader, openDataset, verifyDataset } from '../data/index.js';
import { checkHyperParameters } from '../templates/index.js';
import { diceAverage, type SegmentationMetrics } from './metrics.js';
import { openPredictor, type PredictorOptions } from './predictor.js';
import { makeWritableFolder } from './run-folder.js';
import { validate } from './validate.js';

/** Name of the file with the score. */
export const PERFORMANCE_FILE = 'performance.json';

const DEFAULT_WORKERS = 2;

export interface EvaluateOptions extends PredictorOptions {
  /** Root of the data set to score on (Common Semantic Segmentation layout). */
  readonly testData: string;
  /** Whether the true masks go through polygons, as in the reference; see {@link openDataset}. Default false. */
  readonly useOtxAdapter?: boolean | undefined;
  /** Folder for `performance.json`. Default: none is written. */
  readonly output?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EvaluateResult {
  readonly classes: readonly ClassInfo[];
  /** Scores at the original image sizes, as in training. */
  readonly metrics: SegmentationMetrics;
  /** Mean Dice over the classes other than background that occur, which `performance.json` holds. */
  readonly diceAverage: number;
  readonly performanceFile: string | undefined;
}

/**
 * Scores a checkpoint or an exported ONNX file.
 *
 * @throws OtxError `checkpoint`, `dataset`, `output`, `usage`, or `aborted` when the signal fired.
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  const { testData, useOtxAdapter, output, onEvent = () => undefined, signal } = options;
  const { learning_parameters } = checkHyperParameters(options.hyperParameters);
  const workers = learning_parameters?.num_workers ?? DEFAULT_WORKERS;
  if (output !== undefined) await makeWritableFolder(output);
  const dataset = await openDataset(testData, { useOtxAdapter, workers, signal });
  const predictor = await openPredictor(options);
  const { classes, inputSize, threshold, segment } = predictor;
  const loader = createEvalLoader(dataset, { inputSize, workers, ...(signal ? { signal } : {}) });
  try {
    const [known, found] = [classes, dataset.classes].map((list) => list.map(({ name }) => name).join(', '));
    if (known !== found) {
      throw new OtxError(
        'dataset',
        `${testData}: its classes (${found}) are not those of the model (${known})`,
      );
    }
    const report = await verifyDataset(dataset, {
      workers,
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
      signal,
    });
    onEvent({ type: 'data', subset: 'test', report });
    const matrix = await validate(loader, segment, {
      classes: classes.length,
      inputSize,
      threshold,
      signal,
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'evaluate', done, total }),
    });
    const score = diceAverage(matrix);
    const performanceFile = output === undefined ? undefined : join(output, PERFORMANCE_FILE);
    if (performanceFile) {
      await writeFileAtomic(performanceFile, `${JSON.stringify({ 'Dice Average': score }, null, 2)}\n`);
    }
    return { classes, metrics: matrix.summary(), diceAverage: score, performanceFile };
  } finally {
    await Promise.all([loader.dispose(), predictor.dispose()]);
  }
}
