/** @file Opens a trained model of any form: a run folder, a checkpoint, weights from elsewhere, an exported file. */

import { toPlanes } from '../data/images/network-input.js';
import { confidenceThreshold } from '../settings/index.js';
import { classify } from './class-map.js';
import { openNetwork, requireFinite } from './network.js';
import { openOnnxFile } from './onnx-file.js';
import { type ModelOptions, type OpenedModel, senseless } from './opened-model.js';
import { tilingOf } from './tiles/tile.js';
import { loadTrainedModel } from './trained-model.js';

/**
 * Opens a trained model for segmentation.
 *
 * @throws OtxError `checkpoint` when the weights cannot be used or belong to another template than the one named.
 */
export async function openModel(options: ModelOptions): Promise<OpenedModel> {
  return options.weights.toLowerCase().endsWith('.onnx') ? openOnnxFile(options) : fromCheckpoint(options);
}

async function fromCheckpoint(options: ModelOptions): Promise<OpenedModel> {
  const trained = await loadTrainedModel(options);
  const { classes, inputSize, hyperParameters, data } = trained;
  const threshold = confidenceThreshold(hyperParameters);
  const { threads, signal, onEvent } = options;
  const { forward, dispose } = await openNetwork({ ...trained, threads, signal, onEvent });
  const problem = () => senseless(options.weights, 'values that are not finite');
  const reading = { classes, inputSize, threshold, data, tiling: tilingOf(hyperParameters, data) };
  return {
    ...reading,
    classify: async (picture, size, probabilities = false) => {
      const answer = await forward(toPlanes(picture, inputSize));
      return classify(requireFinite(answer, problem), reading, size, probabilities);
    },
    dispose,
  };
}
