/** @file What a training leaves, in the words of its user: for the commands that go on from it. */

import { stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { ResumeOptions, TrainOptions } from '../../index.js';
import { WEIGHTS_FILE } from '../../runs/checkpoint.js';
import type { RunConfig } from '../../runs/run-config.js';
import type { EndedTraining } from '../closing.js';

/**
 * @param options as they were typed.
 * @param config of the run, which has what they leave out, and full paths.
 */
export async function endedTraining(
  options: TrainOptions | ResumeOptions,
  config: RunConfig,
): Promise<Omit<EndedTraining, 'isInterrupted'>> {
  const output = likeTyped(config.output ?? '', options.output ?? options.resumeFrom ?? '');
  const isBackbone = config.hyper_parameters.algo_backend?.train_type === 'Selfsupervised';
  const isThere = await stat(join(output, 'models', WEIGHTS_FILE)).catch(() => undefined);
  return {
    output,
    template: config.template,
    trainData: options.trainData ?? config.train_data_roots ?? '',
    validationData: options.validationData ?? config.val_data_roots,
    unlabeledData: options.unlabeledData ?? config.unlabeled_data_roots,
    unlabeledFileList: options.unlabeledFileList ?? config.unlabeled_file_list,
    weights: isBackbone ? 'backbone' : isThere ? 'model' : 'no',
  };
}

/** A full path, relative to the current folder when `typed` was. */
const likeTyped = (path: string, typed: string) =>
  isAbsolute(typed) ? path : relative(process.cwd(), path) || '.';
