/** @file Scoring a trained model on a data set. */

import { checkOptions } from '../base/check-options.js';
import { messageOf, OtxError } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import {
  type ClassInfo,
  createEvalLoader,
  type DataSource,
  type EvalLoader,
  keepingThreads,
  matchClasses,
  openSource,
  type Size,
  settleClasses,
  verifyDataset,
} from '../data/index.js';
import { datasetInputs, joinInputs, weightsInputs } from '../runs/inputs.js';
import { diceAverage, type SegmentationMetrics } from '../runs/metrics.js';
import { withProblemList } from '../runs/problem-list.js';
import { settingsOf } from '../settings/index.js';
import { kindsOf, type RunOptions } from '../settings/run-vocabulary.js';
import { openModels, pathsOf } from './combined-model.js';
import {
  EVALUATION_FILES,
  type EvaluationFiles,
  evaluationFiles,
  writeEvaluation,
} from './evaluation-files.js';
import { type ImageScore, ImageScores } from './image-scores.js';
import { namesUsedBy, type SettingsUsedBy } from './model-settings.js';
import type { CombinedOptions, OpenedModel } from './opened-model.js';
import { noticesOf, tileFor } from './tiles/tile.js';
import { windowNetworkOf } from './tiles/window-network.js';
import { COMBINED_KINDS } from './trained-model.js';
import { score } from './validate.js';

const DEFAULT_WORKERS = 2;
/** Rows of the sheet of the worst images. */
const SHOWN_WORST = 8;

/** How data sets are read. */
const READING = ['dataFormat', 'useOtxAdapter', 'assume', 'bands'] as const;

/** What to score, and on which data. */
export interface EvaluateOptions
  extends CombinedOptions,
    SettingsUsedBy<'evaluate'>,
    Pick<RunOptions, (typeof READING)[number]> {
  /** Root of the data set to score on (docs/data.md has the layouts). */
  readonly testData: DataSource;
  /** Folder for the files of {@link EvaluateResult.files}. Default: none are written. */
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
  /** Of each image, in the order of the data set. */
  readonly images: readonly ImageScore[];
  /** The files that were written; undefined without an output folder. */
  readonly files: EvaluationFiles | undefined;
}

/**
 * Scores a checkpoint or an exported ONNX file, or the mean of several. Classes are matched by name, whatever their order.
 *
 * @throws OtxError `checkpoint`, `dataset`, `output`, `usage`, or `aborted` when the signal fired.
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  const kinds = { ...COMBINED_KINDS, ...kindsOf(...READING), testData: 'data', output: 'path?' } as const;
  checkOptions('evaluate()', options, kinds, namesUsedBy('evaluate'));
  return keepingThreads(options.signal, () => evaluateChecked(options));
}

async function evaluateChecked(options: EvaluateOptions): Promise<EvaluateResult> {
  const { testData, dataFormat: format, useOtxAdapter, assume, bands, output, signal } = options;
  const { onEvent = () => undefined } = options;
  const workers = settingsOf(options).learning_parameters?.num_workers ?? DEFAULT_WORKERS;
  const what = 'the test data';
  const opened = await withProblemList(
    output,
    () =>
      openSource(testData, {
        ...{ format, role: 'test', useOtxAdapter, assume, bands, workers, signal },
        isLeftOpen: true,
      }),
    typeof testData === 'string' ? { folders: [{ path: testData, what }] } : {},
  );
  const outputs =
    output === undefined
      ? undefined
      : await Outputs.open({
          root: output,
          files: Object.values(EVALUATION_FILES),
          inputs: joinInputs(datasetInputs(what, testData, opened), weightsInputs(...pathsOf(options))),
        });
  let model: OpenedModel | undefined;
  let loader: EvalLoader | undefined;
  try {
    model = await openModels(options);
    const { classes, inputSize, classify, data, tiling } = model;
    const dataset = await settleClasses(opened, { workers, signal, ...data });
    for (const message of matchClasses(dataset, classes, 'the model').notices) {
      onEvent({ type: 'notice', message });
    }
    const { dataset: decided, report } = await withProblemList(outputs, () =>
      verifyDataset(dataset, {
        workers,
        belongsTo: data,
        onProgress: (done, total) => onEvent({ type: 'progress', task: 'check', done, total }),
        signal,
      }),
    );
    onEvent({ type: 'data', subset: 'test', report });
    const matched = matchClasses(decided, classes, 'the model');
    const isTiled = (size: Size) => tileFor(tiling, size) !== undefined;
    for (const message of noticesOf(model, matched.dataset.samples)) onEvent({ type: 'notice', message });
    loader = createEvalLoader(matched.dataset, {
      ...{ inputSize, workers, isTiled },
      ...(signal ? { signal } : {}),
    });
    const { indices } = matched;
    const images = new ImageScores({
      classes: classes.length,
      scored: indices,
      kept: outputs ? SHOWN_WORST : 0,
    });
    const matrix = await score(loader, classify, {
      classes: classes.length,
      windows: { tiling, network: windowNetworkOf(model) },
      atOnce: model.atOnce,
      signal,
      onPrediction: (image) => images.add(image),
      onProgress: (done, total) => onEvent({ type: 'progress', task: 'evaluate', done, total }),
    });
    // As the data set has them: what it lacks cannot be scored.
    const metrics = matrix.summary(indices);
    const average = diceAverage(metrics);
    if (outputs) {
      const { all, worst } = images;
      const found = { diceAverage: average, metrics, matrix, classes, scored: indices, images: all, worst };
      await writeEvaluation(outputs, found).catch((cause: unknown) => {
        // What has been computed is not lost with the files.
        const scores = `mean Dice ${metrics.mDice.toFixed(4)} with background, ${average.toFixed(4)} without`;
        throw new OtxError('output', `${messageOf(cause)}; the scores are: ${scores}`, { cause });
      });
    }
    if (output !== undefined) onEvent({ type: 'output', folder: output });
    return {
      classes: indices.map((index) => classes[index]!),
      metrics,
      diceAverage: average,
      images: images.all,
      files: output === undefined ? undefined : evaluationFiles(output),
    };
  } finally {
    await Promise.all([loader?.dispose(), model?.dispose(), outputs?.close()]);
  }
}
