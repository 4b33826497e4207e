/** @file Settings that are left to be chosen, filled in by the data and the machine. */

import { availableParallelism } from 'node:os';
import { OtxError, option } from '../../base/errors.js';
import type { Dataset } from '../../data/index.js';
import type { RunConfig } from '../../runs/run-config.js';
import {
  type HyperParameterOverrides,
  type HyperParameters,
  resolveHyperParameters,
} from '../../settings/index.js';
import type { Template } from '../../templates/index.js';
import type { CompleteConfig } from '../options/train-options.js';
import type { InterruptedRun } from '../resume/interrupted-run.js';
import { chooseInputSize } from './input-size.js';

/** Training and validation loaders share the cores. */
const LOADERS = 2;
const MOST_WORKERS = 8;

/** Settings that depend on the data, filled in. */
export function chooseSettings(
  asked: HyperParameters,
  { samples }: Dataset,
  seed: number,
  notice: (message: string) => void,
): HyperParameters {
  const settings = asked.learning_parameters;
  const { accumulate } = settings;
  const batch_size = Math.min(settings.batch_size, Math.floor(samples.length / accumulate));
  if (batch_size < 1) {
    throw new OtxError(
      'usage',
      `${option('learning_parameters.accumulate')} is ${accumulate}, but there are only ${samples.length} training images; each batch ` +
        'of an update needs at least one',
    );
  }
  if (batch_size < settings.batch_size) {
    notice(
      `batch size reduced from ${settings.batch_size} to ${batch_size}, ${accumulate > 1 ? `as ${accumulate} of them are in an update` : 'the number of training images'}`,
    );
  }
  const isAuto = settings.input_size === 'Auto';
  const input_size = isAuto ? chooseInputSize(samples, seed) : settings.input_size;
  if (isAuto)
    notice(
      `input size ${input_size === 'Default' ? '512x512' : input_size}, chosen by the sizes of the images`,
    );
  const num_workers = settings.auto_num_workers
    ? Math.max(Math.min(Math.floor(availableParallelism() / LOADERS), MOST_WORKERS), 1)
    : settings.num_workers;
  return { ...asked, learning_parameters: { ...settings, batch_size, input_size, num_workers } };
}

/** Settings of an interrupted run, with those replaced that only change its speed. */
export function keptSettings(
  { checkpoint }: InterruptedRun,
  template: Template,
  { learning_parameters, algo_backend }: HyperParameterOverrides,
): HyperParameters {
  const before = resolveHyperParameters(template, checkpoint.info.hyperParameters);
  const num_workers = learning_parameters?.num_workers ?? before.learning_parameters.num_workers;
  const mem_cache_size = algo_backend?.mem_cache_size ?? before.algo_backend.mem_cache_size;
  return {
    ...before,
    learning_parameters: { ...before.learning_parameters, num_workers },
    algo_backend: { ...before.algo_backend, mem_cache_size },
  };
}

/**
 * What repeats a training exactly, in another folder and on another machine: all choices made, none left automatic. How the
 * batch size was chosen stays to be seen, with a word that it has been.
 */
export function repeatable(
  config: CompleteConfig,
  { learning_parameters, ...others }: HyperParameters,
): RunConfig {
  const { auto_adapt_batch_size: mode, batch_size } = learning_parameters;
  const made = { auto_num_workers: false };
  const hyper_parameters = { learning_parameters: { ...learning_parameters, ...made }, ...others };
  const adapted_batch_size = mode === 'None' ? undefined : batch_size;
  return { ...config, output: undefined, adapted_batch_size, hyper_parameters };
}
