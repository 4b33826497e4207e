/** @file Opens a trained model of any form: a run folder, a checkpoint, weights from elsewhere, an exported file. */

import { OtxError, option } from '../base/errors.js';
import { toPlanes } from '../data/images/network-input.js';
import { confidenceThreshold } from '../settings/index.js';
import { classify } from './class-map.js';
import { openExportedFile } from './exported-file.js';
import { openNetwork, requireFinite } from './network.js';
import { type ModelOptions, type OpenedModel, senseless } from './opened-model.js';
import { readerOf } from './readers/index.js';
import { tilingOf } from './tiles/tile.js';
import { loadTrainedModel, type TrainedModel } from './trained-model.js';

/**
 * Opens a trained model for segmentation.
 *
 * @param scales of its input at which it sees an image; see {@link NetworkForm}.
 * @throws OtxError `checkpoint` when the weights cannot be used or belong to another template than the one named.
 */
export async function openModel(
  options: ModelOptions,
  scales: readonly number[] = [1],
): Promise<OpenedModel> {
  const reader = await readerOf(options.weights);
  if (!reader) return fromCheckpoint(options, scales);
  if (scales.length > 1) {
    throw new OtxError(
      'usage',
      `${options.weights}: an exported file takes images of one size alone, and so no ${option('tta')} scales; flip is what it can, ` +
        'the checkpoint that it was exported from can both',
    );
  }
  return openExportedFile(options, reader);
}

async function fromCheckpoint(options: ModelOptions, scales: readonly number[]): Promise<OpenedModel> {
  return openTrained(await loadTrainedModel(options), options, scales);
}

/** Opens a model that is loaded. @param options `weights` is its name in messages */
export async function openTrained(
  trained: TrainedModel,
  { weights, threads, signal, onEvent }: Pick<ModelOptions, 'weights' | 'threads' | 'signal' | 'onEvent'>,
  scales: readonly number[] = [1],
): Promise<OpenedModel> {
  const { classes, inputSize, hyperParameters, data } = trained;
  const threshold = confidenceThreshold(hyperParameters);
  const { forward, atOnce, dispose } = await openNetwork({ ...trained, scales, threads, signal, onEvent });
  const problem = () => senseless(weights, 'values that are not finite');
  const reading = { classes, inputSize, threshold, data, tiling: tilingOf(hyperParameters, data) };
  const answer = { ...reading, scale: scales.length > 1 ? 'probabilities' : 'logits' } as const;
  return {
    ...reading,
    hasProbabilities: true,
    atOnce,
    classify: async (picture, size, probabilities = false) => {
      const found = await forward(toPlanes(picture, inputSize));
      return classify(requireFinite(found, problem), answer, size, probabilities);
    },
    dispose,
  };
}
