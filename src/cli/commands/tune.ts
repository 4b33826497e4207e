/** @file `otx tune`, and the flags of a search. */

import { type Command, InvalidArgumentError } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import {
  describeSettings,
  formatSearch,
  parseSearch,
  parseSetting,
  type SearchSpace,
  type TuneResult,
  tune,
} from '../../index.js';
import { afterSearch } from '../closing.js';
import { addSettingFlags } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { addNetworkFlags } from './network-flags.js';
import { addNoWait, sayingHowToGoOn } from './study-parts.js';
import { missingData, type TrainFlags, trainRequest } from './train-request.js';

/** What has no use in a search. */
const NOT_HERE = ['resumeFrom', 'timeBudgetSeconds'];
const SETTINGS = describeSettings().filter(({ name }) => !NOT_HERE.includes(name));

interface TuneFlags extends TrainFlags {
  readonly search?: SearchSpace;
  readonly trials?: number;
  readonly time?: number;
}

export function addTune(program: Command, context: CommandContext): void {
  const command = program
    .command('tune')
    .description('search for settings: many short trainings, of which the good ones are trained on')
    .argument(
      '[template]',
      'name or id of a template in any case, or a path to its YAML file; or the folder of the training data',
    );
  addSettingFlags(command, SETTINGS, { helpEnds: { output: ` (default: ${DEFAULT_OUTPUTS}/<time>_tune)` } });
  addSearchFlag(command)
    .option(
      '--trials <number>',
      'trials in all, the default among them (default: 12, or as many as --time allows)',
      (text) => numberOf(text, { whole: true }),
    )
    .option('--time <duration>', 'end within this time, e.g. 90s, 30m or 1.5h', durationOf)
    .option(
      '--config <file>',
      'YAML with any of the settings, as otx train --print-config writes it; flags win',
    );
  addNoWait(addNetworkFlags(command))
    .addHelpText('after', paramsHint('tune', 'learning_parameters.num_iters 30'))
    .action(async (template: string | undefined, flags: TuneFlags) => {
      const { terminal, settings, run, outputFor } = context;
      const asked = await trainRequest(template, flags, settings('tune', flags.useOtxAdapter));
      const { trainData, resumeFrom: _, timeBudgetSeconds: __, ...options } = asked;
      if (asked.timeBudgetSeconds !== undefined) {
        throw new OtxError(
          'usage',
          `${option('timeBudgetSeconds')} is of one training; leave it out, and limit the search by --time or --trials`,
        );
      }
      if (trainData === undefined) throw missingData();
      const output = await outputFor('tune', options.output);
      const { search, trials, time, wait } = flags;
      const typed = otxCommand(...process.argv.slice(2));
      const job = run((hooks) =>
        tune({
          ...options,
          trainData,
          output,
          search,
          trials,
          timeSeconds: time,
          wait,
          command: typed,
          ...hooks,
        }),
      );
      const result = await sayingHowToGoOn(job, terminal, options.output === undefined ? output : undefined);
      terminal.print(
        [
          `\n${formatSearch(result)}`,
          ...searchEnd(result),
          `\n${afterSearch({ model: chosenRun(result), files: result.files })}`,
        ].join('\n'),
      );
    });
}

const chosenRun = ({ chosen, best, baseline }: TuneResult): string =>
  Object.keys(chosen).length > 0 ? best.run : baseline.run;

/** Adds `--search`. */
export function addSearchFlag(command: Command): Command {
  return command.option(
    '--search <space>',
    'settings with the values to try, e.g. learning_rate=1e-4..1e-2:log,batch_size=4|8,ema_decay=0..0.9:0.1 (default: learning ' +
      'rate and batch size, as OTX varies them)',
    parseSearch,
  );
}

/** A number behind a flag. */
export function numberOf(text: string, { whole }: { readonly whole: boolean }): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 1 && Number.isFinite(number) && (!whole || Number.isInteger(number)))
    return number;
  throw new InvalidArgumentError(`expected a ${whole ? 'whole ' : ''}number from 1`);
}

function durationOf(text: string): number {
  try {
    return parseSetting('timeBudgetSeconds', text) as number;
  } catch {
    throw new InvalidArgumentError('expected a duration above 0 with its unit: 90s, 30m or 1.5h');
  }
}

/** Where a search is written, and what it lacks. */
export function searchEnd({ elsewhere, files: { table, json, chart, config } }: TuneResult): string[] {
  return [
    ...(elsewhere.length > 0
      ? ['note: other processes are still at it; the same command tells the rest']
      : []),
    `written ${table}, ${json}, ${chart} and ${config}`,
  ];
}
