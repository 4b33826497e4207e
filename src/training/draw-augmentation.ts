/** @file What a training makes of its images, as a sheet to look at before it begins. */

import { basename, dirname } from 'node:path';
import { checkOptions } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { shown } from '../base/shown.js';
import {
  AUGMENTATION_NAMES,
  type Dataset,
  type DatasetReport,
  describeAugmentation,
  openDataset,
  settleDataset,
  verifyDataset,
} from '../data/index.js';
import { renderAugmentationSheet } from '../drawing/augmentation-sheet.js';
import { encodePng } from '../drawing/overlay.js';
import { namesUsedBy } from '../inference/model-settings.js';
import type { JobEvent } from '../runs/events.js';
import { datasetInputs } from '../runs/inputs.js';
import { inputSizes, resolveHyperParameters, type SettingOptions, settingsOf } from '../settings/index.js';
import { parseTile } from '../settings/kinds.js';
import { kindsOf, type RunOptions } from '../settings/run-vocabulary.js';
import { DEFAULT_SEED, loadTemplate, type Template } from '../templates/index.js';
import { checkUsed } from './options/unused-settings.js';

/** Which training to show, and where the sheet goes. */
export interface DrawAugmentationOptions
  extends Pick<RunOptions, 'dataFormat' | 'useOtxAdapter' | 'assume' | 'bands' | 'seed'>,
    Pick<SettingOptions, 'augmentation' | 'inputSize' | 'tile' | 'rareCropShare'> {
  /** A template, its name or id, or the path of its YAML file. */
  readonly template: string | Template;
  /** Root of the data set whose images are augmented. */
  readonly trainData: string;
  /** The PNG to write. */
  readonly output: string;
  /** Is told how the job goes on. */
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  /** Stops the job. */
  readonly signal?: AbortSignal | undefined;
}

/** A sheet that was written. */
export interface AugmentationDrawn {
  /** The PNG. */
  readonly sheet: string;
  /** Which augmentation it shows. */
  readonly augmentation: string;
  /** What that does to images, in a sentence. */
  readonly description: string;
  /** Side of the square network input in pixels. */
  readonly cropSize: number;
}

/**
 * Draws the first samples that a training would see, each as the network gets it and with its classes painted over.
 *
 * @throws OtxError `usage`, `template`, `dataset`, `image`, `output`, or `aborted` when the signal fired.
 */
export async function drawAugmentation(options: DrawAugmentationOptions): Promise<AugmentationDrawn> {
  const kinds = {
    ...kindsOf('dataFormat', 'useOtxAdapter', 'assume', 'bands', 'seed'),
    template: 'template',
    trainData: 'path',
    output: 'path',
    onEvent: 'function?',
    signal: 'signal?',
  } as const;
  checkOptions('drawAugmentation()', options, kinds, ['augmentation', ...namesUsedBy('augment')]);
  const { trainData, output, dataFormat: format, useOtxAdapter, assume, bands, signal } = options;
  const { onEvent } = options;
  const { seed = DEFAULT_SEED } = options;
  const template = typeof options.template === 'string' ? loadTemplate(options.template) : options.template;
  const settings = resolveHyperParameters(template, settingsOf(options));
  const { augmentation, rare_crop_share: share } = settings.learning_parameters;
  checkUsed({ augment: undefined, lossFunction: undefined }, settings);
  const name = AUGMENTATION_NAMES.find((known) => known === augmentation);
  if (name === undefined) {
    throw new OtxError('usage', `${option('augmentation')} is ${shown(augmentation)}, which cannot be drawn`);
  }
  const cropSize = inputSizes(settings).train;
  const opened = await openDataset(trainData, {
    ...{ format, role: 'train', useOtxAdapter, assume, bands, signal },
  });
  const { dataset, report } = await look(opened, share > 0, signal);
  const inputs = datasetInputs('the data set', trainData, dataset);
  const outputs = await Outputs.open({ root: dirname(output), files: [basename(output)], inputs });
  try {
    const sheet = await renderAugmentationSheet(dataset, {
      ...{ augmentation: name, cropSize, seed, ...(signal ? { signal } : {}) },
      tile: parseTile(settings.tiling_parameters.tile_size),
      rareCrops: report && { share, classShares: report.classes.map((info) => info.share) },
      onProgress: (done, total) => onEvent?.({ type: 'progress', task: 'draw', done, total }),
    });
    await outputs.write(basename(output), await encodePng(sheet));
  } finally {
    await outputs.close();
  }
  return { sheet: output, augmentation: name, description: describeAugmentation(name), cropSize };
}

/** The data set with nothing left open; what its classes have of its pixels only where that is needed, which takes reading all of it. */
async function look(
  opened: Dataset,
  isCounted: boolean,
  signal: AbortSignal | undefined,
): Promise<{ readonly dataset: Dataset; readonly report?: DatasetReport }> {
  if (!isCounted) return { dataset: await settleDataset(opened, { signal }) };
  return verifyDataset(opened, { isForTraining: true, ...(signal ? { signal } : {}) });
}
