/** @file The weights that are meant when none are named: those of the newest training below the default folder of outputs. */

import { OtxError, option } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import { latestRun } from '../../index.js';
import type { Terminal } from '../terminal.js';

/**
 * The folder of the training whose weights were written last.
 *
 * @param outputs folder that holds the folders of runs.
 * @throws OtxError `usage` when there is none.
 */
export async function latestTraining(outputs: string): Promise<string> {
  const latest = await latestRun(outputs);
  if (latest !== undefined) return latest;
  throw new OtxError(
    'usage',
    `missing ${option('weights')}: there is no training in ${outputs} whose weights could be taken; name a run folder or ` +
      `a file, or train first (${otxCommand('train')} --help)`,
  );
}

/** The weights that were named, or else the latest, saying so. */
export async function weightsOrLatest(
  given: string | undefined,
  outputs: string,
  { print }: Pick<Terminal, 'print'>,
): Promise<string> {
  if (given !== undefined) return given;
  const latest = await latestTraining(outputs);
  print(`note: no --load-weights given; taking the latest training, ${latest}`);
  return latest;
}
