/** @file `otx train --enable-hpo`: a search for settings, then the training with them. */

import type { Command } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import { formatMetrics, formatSearch, linkLatestRun, trainWithSearch } from '../../index.js';
import { afterStudy } from '../closing.js';
import type { CommandContext } from './context.js';
import { sayingHowToGoOn } from './study-parts.js';
import { missingData, type TrainFlags, type TrainRequest } from './train-request.js';
import { numberOf, searchEnd } from './tune.js';

/** Adds `--enable-hpo` and `--hpo-time-ratio`. */
export function addHpoFlags(command: Command): Command {
  return command
    .option(
      '--enable-hpo',
      'search for learning rate and batch size first, then train with what was found (docs/tune.md)',
    )
    .option(
      '--hpo-time-ratio <ratio>',
      'how many times as long as one training the search may take, from 1 (default: 4)',
      (text) => numberOf(text, { whole: false }),
    );
}

/** @throws OtxError `usage` for what a search has no use for. */
export async function trainAfterSearch(
  request: TrainRequest,
  { hpoTimeRatio: timeRatio, seeds, printConfig, wait }: TrainFlags,
  { terminal, run, outputFor, workspace }: CommandContext,
): Promise<void> {
  const { resumeFrom, trainData, timeBudgetSeconds, ...options } = request;
  const other = [
    ...(resumeFrom === undefined ? [] : [option('resumeFrom')]),
    ...(timeBudgetSeconds === undefined ? [] : [option('timeBudgetSeconds')]),
    ...(seeds === undefined ? [] : ['--seeds']),
    ...(printConfig ? ['--print-config'] : []),
    ...(wait === false ? ['--no-wait'] : []),
  ];
  if (other.length > 0) {
    throw new OtxError('usage', `--enable-hpo and ${other[0]} are both given; leave one of them out`);
  }
  if (trainData === undefined) throw missingData();
  const output = await outputFor('train', options.output);
  const command = otxCommand(...process.argv.slice(2));
  const { search, training } = await sayingHowToGoOn(
    run((hooks) => trainWithSearch({ ...options, trainData, output, timeRatio, command, ...hooks })),
    terminal,
    options.output === undefined ? output : undefined,
  );
  const made = workspace();
  if (made) await linkLatestRun(made, output);
  const { metrics, classes, weights, bestEpoch } = training;
  const names = classes.map(({ name }) => name);
  terminal.print(
    [
      `\n${formatSearch(search)}`,
      ...searchEnd(search),
      ...(metrics
        ? [
            `\ntrained with it: best epoch ${bestEpoch}, in percent:`,
            formatMetrics(metrics, names, terminal.columns),
            `\nPerformance(score: ${metrics.mDice}, dashboard: (1 metric groups))`,
          ]
        : []),
      `weights ${weights}`,
      `\n${afterStudy({ best: output, models: [output], output })}`,
    ].join('\n'),
  );
}
