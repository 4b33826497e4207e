/** @file What a training leaves, in the words of its user: for the commands that go on from it. */

import { isAbsolute, join, relative } from 'node:path';
import {
  type ResumeOptions,
  type RunConfig,
  splitOfRun,
  type TrainOptions,
  weightsOfRun,
} from '../../index.js';
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
  const best = await weightsOfRun(output);
  const validationData = typed(options.validationData) ?? config.val_data_roots;
  return {
    output,
    template: config.template,
    network: config.from_program?.includes('model') ? join(output, 'models', 'network.onnx') : undefined,
    trainData: typed(options.trainData) ?? config.train_data_roots ?? '',
    validationData,
    valList: validationData === undefined ? await splitOfRun(output) : undefined,
    unlabeledData: options.unlabeledData ?? config.unlabeled_data_roots,
    unlabeledFileList: options.unlabeledFileList ?? config.unlabeled_file_list,
    weights: isBackbone ? 'backbone' : best !== undefined ? 'model' : 'no',
  };
}

/** What is typed is a path. */
const typed = (data: unknown) => (typeof data === 'string' ? data : undefined);

/** A full path, relative to the current folder when `typed` was. */
const likeTyped = (path: string, typed: string) =>
  isAbsolute(typed) ? path : relative(process.cwd(), path) || '.';
