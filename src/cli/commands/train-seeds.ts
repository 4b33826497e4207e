/** @file `otx train --seeds`: one training with several seeds, on which any number of processes may work. */

import { OtxError, option } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import { formatSpread, trainSeeds } from '../../index.js';
import { afterStudy } from '../closing.js';
import type { CommandContext } from './context.js';
import { sayingHowToGoOn, studyEnd } from './study-parts.js';
import { missingData, type TrainFlags, type TrainRequest } from './train-request.js';

/** @throws OtxError `usage` for what says something else than the seeds do. */
export async function trainWithSeeds(
  request: TrainRequest,
  { seeds = [], wait, printConfig }: TrainFlags,
  { terminal, run, outputFor }: CommandContext,
): Promise<void> {
  const { seed, resumeFrom, trainData, ...options } = request;
  const other = seed !== undefined ? 'seed' : resumeFrom !== undefined ? 'resumeFrom' : undefined;
  if (other !== undefined || printConfig) {
    const flag = other === undefined ? '--print-config' : option(other);
    throw new OtxError('usage', `--seeds and ${flag} are both given; leave one of them out`);
  }
  if (trainData === undefined) throw missingData();
  const output = await outputFor('train', options.output);
  const command = otxCommand(...process.argv.slice(2));
  const result = await sayingHowToGoOn(
    run((hooks) => trainSeeds({ ...options, trainData, output, seeds, wait, command, ...hooks })),
    terminal,
    options.output === undefined ? output : undefined,
  );
  const { runs, spread, best } = result;
  terminal.print(
    [
      ...(runs.length > 0
        ? [
            `\n${runs.length} trainings, in percent, ± sample deviation over the seeds:`,
            formatSpread(runs, spread),
          ]
        : ['\nno training is over yet']),
      ...(best ? [`best: ${best.name}, weights ${best.weights}`] : []),
      ...studyEnd(result),
      ...(best ? [`\n${afterStudy({ best: best.run, models: runs.map(({ run }) => run), output })}`] : []),
    ].join('\n'),
  );
}
