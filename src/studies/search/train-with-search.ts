/** @file A training whose settings are searched first, in a multiple of the time that it takes. */

import { join } from 'node:path';
import { OtxError, option } from '../../base/errors.js';
import { settings } from '../../settings/index.js';
import { ownOfProgram } from '../../training/options/training-config.js';
import { type TrainResult, train } from '../../training/train.js';
import { readRun } from '../run-facts.js';
import type { TuneResult } from './result.js';
import { type TuneOptions, tune } from './tune.js';

/** As in the reference. */
const DEFAULT_RATIO = 4;
const SEARCH_FOLDER = 'hpo';

/** A training as of {@link train}, and how long to search for its settings. */
export interface TrainWithSearchOptions
  extends Omit<TuneOptions, 'trials' | 'timeSeconds' | 'timeRatio' | 'wait'> {
  /** How many times as long as one training with the default settings the search may take, from 1. Default 4. */
  readonly timeRatio?: number | undefined;
}

/** A search and the training after it. */
export interface TrainWithSearchResult {
  /** In the folder `hpo` of the run. */
  readonly search: TuneResult;
  /** With the settings that were chosen. */
  readonly training: TrainResult;
}

/**
 * Searches as {@link tune} does, in the folder `hpo` below that of the run, and then trains with what was chosen: the default
 * settings, unless others were better by more than chance. The same call goes on with what was interrupted.
 *
 * @throws OtxError as {@link tune} and {@link train}.
 */
export async function trainWithSearch(options: TrainWithSearchOptions): Promise<TrainWithSearchResult> {
  const { output, search: space, timeRatio = DEFAULT_RATIO, onEvent, signal, ...training } = options;
  const begun = typeof output === 'string' ? await readRun(output) : undefined;
  const isSearched = begun && (await readRun(join(output, SEARCH_FOLDER, 'runs', 'trial-0'))) !== undefined;
  if (begun && (!isSearched || begun.finished)) {
    throw new OtxError(
      'output',
      `${output}: holds a training that ${begun.finished ? 'is over' : 'no search came before'}; give another folder by ${option('output')}`,
    );
  }
  const folder = join(output, SEARCH_FOLDER);
  const search = await tune({ ...training, search: space, timeRatio, output: folder, onEvent, signal });
  const hooks = { onEvent, signal };
  if (begun)
    return { search, training: await train({ ...ownOfProgram(training), ...hooks, resumeFrom: output }) };
  const chosen = settings.toFlat(settings.check(groupsOf(search.chosen)));
  return { search, training: await train({ ...training, ...chosen, output, ...hooks }) };
}

/** By group, as files have them. */
function groupsOf(values: TuneResult['chosen']): Record<string, Record<string, unknown>> {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(values)) {
    const { group } = settings.entries.find((entry) => entry.name === name)!;
    groups[group] = { ...groups[group], [name]: value };
  }
  return groups;
}
