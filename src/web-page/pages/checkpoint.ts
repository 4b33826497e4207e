/** @file A training that the page goes on with: one that was saved earlier, or the one that has just ended. */

import type { DroppedFile } from '../../page-parts/files.js';
import { inputSizes } from '../../settings/derived.js';
import { readRun, type WebCheckpoint } from '../../web-training/resume.js';
import { MOST } from '../../web-training/settings.js';
import type { WebTemplateName } from '../../web-training/templates.js';
import { change } from './store.js';

const WEIGHTS = 'weights.safetensors';

/** Whether a file may be of a training. */
export const isCheckpoint = ({ path }: DroppedFile): boolean => /\.safetensors$/i.test(path);

/**
 * Takes the checkpoint among some files, with the best weights beside it.
 *
 * @throws Error for one that is damaged, or that no tab goes on with.
 */
export async function takeCheckpoint(files: readonly DroppedFile[]): Promise<void> {
  const isBest = ({ path }: DroppedFile) => path.split('/').at(-1) === WEIGHTS;
  const last = files.find((file) => !isBest(file)) ?? files[0]!;
  const best = files.find((file) => isBest(file) && file !== last);
  const bytesOf = async ({ content }: DroppedFile) => new Uint8Array(await content.arrayBuffer());
  goOnWith({
    name: last.path.split('/').at(-1)!,
    last: await bytesOf(last),
    weights: best && (await bytesOf(best)),
  });
}

/** Has the next training go on with another one. @throws Error for one that no tab goes on with. */
export function goOnWith(file: WebCheckpoint): void {
  // Whether it has come to its end is no matter here: it gets more epochs.
  const { template, state, planned, hyperParameters } = readRun(file, MOST);
  change({
    checkpoint: {
      ...{ file, epoch: state.epoch, epochs: planned },
      template: template.name as WebTemplateName,
      batchSize: hyperParameters.learning_parameters.batch_size,
      inputSize: inputSizes(hyperParameters).train,
    },
  });
}
