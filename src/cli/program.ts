/** @file The command line as a whole: takes the words apart and hands them to one of the commands. */

import { Command } from 'commander';
import { OtxError } from '../base/errors.js';
import { loadTemplate, version } from '../index.js';
import { paramsHelp, splitParams, wantsHelp } from './arguments.js';
import { addAugment } from './commands/augment.js';
import { createContext, PARAMS_OF } from './commands/context.js';
import { addEval } from './commands/eval.js';
import { addExport } from './commands/export.js';
import { addFind } from './commands/find.js';
import { addPredict } from './commands/predict.js';
import { addTrain } from './commands/train.js';
import type { Terminal } from './terminal.js';

/** Whose settings "params --help" lists when no template is named; all have the same. */
const DEFAULT_TEMPLATE = 'Lite-HRNet-18-mod2';

/**
 * Runs one command line.
 *
 * @param argv words behind `otx`.
 * @throws OtxError, and CommanderError for help, version and usage mistakes.
 */
export async function runCommand(
  argv: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { command, params } = splitParams(argv);
  const [operation, first] = command;
  if (operation === undefined) {
    throw new OtxError(
      'usage',
      'no operation given; use one of find, augment, train, eval, predict, export, or --help',
    );
  }
  if (params && wantsHelp(params)) {
    const template = first === undefined || first.startsWith('-') ? DEFAULT_TEMPLATE : first;
    terminal.print(
      paramsHelp(
        loadTemplate(template),
        Object.hasOwn(PARAMS_OF, operation) ? PARAMS_OF[operation] : undefined,
      ),
    );
    return;
  }
  const program = new Command('otx')
    .description('Train, evaluate and ship semantic segmentation models.')
    .version(version)
    .exitOverride()
    // Errors are printed once, in one form, by main.ts.
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError(true);
  const context = createContext(params, terminal, signal);
  for (const add of [addFind, addAugment, addTrain, addEval, addPredict, addExport]) add(program, context);
  await program.parseAsync(command, { from: 'user' });
}
