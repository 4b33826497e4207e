/** @file Scoring a trained model on a data set. */

import { join } from 'node:path';
import { checkOptions } from '../base/check-options.js';
import { messageOf, OtxError } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import {
  type ClassInfo,
  createEvalLoader,
  type EvalLoader,
  matchClasses,
  openDataset,
  verifyDataset,
} from '../data/index.js';
import { datasetInputs, joinInputs, weightsInputs } from '../runs/inputs.js';
import { diceAverage, type SegmentationMetrics } from '../runs/metrics.js';
import { withProblemList } from '../runs/problem-list.js';
import { checkHyperParameters } from '../settings/index.js';
import { openModel } from './open-model.js';
import type { ModelOptions, OpenedModel } from './opened-model.js';
import { MODEL_KINDS } from './trained-model.js';
import { validate } from './validate.js';

/** Name of the file with the score. */
export const PERFORMANCE_FILE = 'performance.json';

const DEFAULT_WORKERS = 2;

/** What to score, and on which data. */
export interface EvaluateOptions extends ModelOptions {
  /** Root of the data set to score on (Common Semantic Segmentation layout). */
  readonly testData: string;
  /** Whether the true masks go through polygons, as in the reference; see {@link openDataset}. Default false. */
  readonly useOtxAdapter?: boolean | undefined;
  /** Folder for `performance.json`. Default: none is written. */
  readonly output?: string | undefined;
}

/** The scores of a model. */
export interface EvaluateResult {
  /** Those of the data set, in its order; the model may know more of them. */
  readonly classes: readonly ClassInfo[];
  /** Scores at the original image sizes, as in training. */
  readonly metrics: SegmentationMetrics;
  /** Mean Dice over the classes other than background that occur, which `performance.json` holds. */
  readonly diceAverage: number;
  /** The file that was written, if any. */
  readonly performanceFile: string | undefined;
}

/**
 * Scores a checkpoint or an exported ONNX file. Classes are matched by name, whatever their order.
 *
 * @throws OtxError `checkpoint`, `dataset`, `output`, `usage`, or `aborted` when the signal fired.
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  checkOptions('evaluate()', options, {
    ...MODEL_KINDS,
    testData: 'path',
    useOtxAdapter: 'boolean?',
    output: 'path?',
  });
  const { testData, useOtxAdapter, output, onEvent = () => undefined, signal } = options;
  const { learning_parameters } = checkHyperParameters(options.hyperParameters);
  const workers = learning_parameters?.num_workers ?? DEFAULT_WORKERS;
  const what = 'the test data';
  const dataset = await withProblemList(
    output,
    () => openDataset(testData, { useOtxAdapter, workers, signal }),
    { folders: [{ path: testData, what }] },
  );
  const outputs =
    output === undefined
      ? undefined
      : await Outputs.open({
          root: output,
          files: [PERFORMANCE_FILE],
          inputs: joinInputs(datasetInputs(what, testData, dataset), weightsInputs(options.weights)),
        });
  let model: OpenedModel | undefined;
  let loader: EvalLoader | undefined;
  try {
    model = await openModel(options);
    const { classes, inputSize, threshold, forward } = model;
    const matched = matchClasses(dataset, classes, 'the model');
    for (const message of matched.notices) onEvent({ type: 'notice', message });
    loader = createEvalLoader(matched.dataset, { inputSize, workers, ...(signal ? { signal } : {}) });
    const report = await withProblemList(outputs, () =>
      verifyDataset(dataset, {
        workers,
        onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
        signal,
      }),
    );
    onEvent({ type: 'data', subset: 'test', report });
    const matrix = await validate(loader, forward, {
      classes: classes.length,
      inputSize,
      threshold,
      signal,
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'evaluate', done, total }),
    });
    // As the data set has them: what it lacks cannot be scored.
    const metrics = matrix.summary(matched.indices);
    const score = diceAverage(metrics);
    const performanceFile = output === undefined ? undefined : join(output, PERFORMANCE_FILE);
    const text = `${JSON.stringify({ 'Dice Average': score }, null, 2)}\n`;
    await outputs?.write(PERFORMANCE_FILE, text).catch((cause: unknown) => {
      // What has been computed is not lost with the file.
      const found = `mean Dice ${metrics.mDice.toFixed(4)} with background, ${score.toFixed(4)} without`;
      throw new OtxError('output', `${messageOf(cause)}; the scores are: ${found}`, { cause });
    });
    if (output !== undefined) onEvent({ type: 'output', folder: output });
    const scored = matched.indices.map((index) => classes[index]!);
    return { classes: scored, metrics, diceAverage: score, performanceFile };
  } finally {
    await Promise.all([loader?.dispose(), model?.dispose(), outputs?.close()]);
  }
}
