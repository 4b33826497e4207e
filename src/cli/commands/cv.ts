/** @file `otx cv`. */

import { type Command, Option } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import {
  type CrossValidateResult,
  crossValidate,
  describeSettings,
  FINAL_MODELS,
  type FinalModel,
  formatMetrics,
  formatSpread,
} from '../../index.js';
import { afterStudy } from '../closing.js';
import { addSettingFlags } from '../setting-flags.js';
import type { Terminal } from '../terminal.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { addNetworkFlags } from './network-flags.js';
import { addNoWait, sayingHowToGoOn, studyEnd } from './study-parts.js';
import { missingData, type TrainFlags, trainRequest } from './train-request.js';

/** What says otherwise what to validate on, or is of one training alone. */
const NOT_HERE = ['validationData', 'trainList', 'valList', 'valShare', 'fold', 'resumeFrom'];
const SETTINGS = describeSettings().filter(({ name }) => !NOT_HERE.includes(name));

interface CvFlags extends TrainFlags {
  readonly final: FinalModel;
}

export function addCv(program: Command, context: CommandContext): void {
  const command = program
    .command('cv')
    .description('cross-validation: train on all parts of the data but one, for each in turn')
    .argument(
      '[template]',
      'name or id of a template in any case, or a path to its YAML file; or the folder of the data',
    );
  addSettingFlags(command, SETTINGS, {
    helpEnds: { output: ` (default: ${DEFAULT_OUTPUTS}/<time>_cv)`, folds: ' (default: 5)' },
  })
    .addOption(
      new Option(
        '--final <model>',
        'what to use in the end: ensemble, the mean of the models of all parts, or retrain, one more training on all images',
      )
        .choices(FINAL_MODELS)
        .default('ensemble'),
    )
    .option(
      '--config <file>',
      'YAML with any of the settings, as otx train --print-config writes it; flags win',
    );
  addNoWait(addNetworkFlags(command))
    .addHelpText('after', paramsHint('cv', 'learning_parameters.num_iters 30'))
    .action(async (template: string | undefined, flags: CvFlags) => {
      const { terminal, settings, run, outputFor } = context;
      const asked = await trainRequest(template, flags, settings('cv', flags.useOtxAdapter));
      const { trainData, resumeFrom: _, validationData, ...options } = asked;
      if (validationData !== undefined) {
        throw new OtxError(
          'usage',
          `${option('validationData')} has no effect on otx cv, which validates on parts of the training data; leave it out`,
        );
      }
      if (typeof trainData !== 'string') throw missingData();
      const output = await outputFor('cv', options.output);
      const { final, wait } = flags;
      const typed = otxCommand(...process.argv.slice(2));
      const job = run((hooks) =>
        crossValidate({ ...options, trainData, output, final, wait, command: typed, ...hooks }),
      );
      const result = await sayingHowToGoOn(job, terminal, options.output === undefined ? output : undefined);
      terminal.print(resultText(result, terminal));
    });
}

function resultText(result: CrossValidateResult, terminal: Terminal): string {
  const { runs, spread, outOfFold, final, best, output } = result;
  const names = outOfFold?.classes.map(({ name }) => name) ?? [];
  const models = final ? [final.run] : runs.map(({ run }) => run);
  return [
    ...(runs.length > 0
      ? [`\n${runs.length} folds, in percent, ± sample deviation over the folds:`, formatSpread(runs, spread)]
      : ['\nno fold is over yet']),
    ...(outOfFold
      ? [
          '\nall images together, each by the model that has not learned from it, in percent:',
          formatMetrics(outOfFold.metrics, names, terminal.columns),
        ]
      : []),
    ...(final
      ? [
          `\non all images: ${final.epochs} epochs, weights ${final.weights}; what to expect of it is the score of the folds`,
        ]
      : []),
    ...studyEnd(result),
    ...(best ? [`\n${afterStudy({ best: final?.run ?? best.run, models, output })}`] : []),
  ].join('\n');
}
