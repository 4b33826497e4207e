/** @file The command line as a whole: takes the words apart and hands them to one of the commands. */

import { Command, CommanderError } from 'commander';
import { OtxError } from '../base/errors.js';
import { otxCommand } from '../base/shell.js';
import { DEFAULT_TEMPLATE, loadTemplate, version } from '../index.js';
import { paramsHelp, splitParams, wantsHelp } from './arguments.js';
import { addAugment } from './commands/augment.js';
import { addBenchmark } from './commands/benchmark.js';
import { addBuild } from './commands/build.js';
import { addCheck } from './commands/check.js';
import { addCompletion } from './commands/completion.js';
import { createContext, PARAMS_OF } from './commands/context.js';
import { addConvert } from './commands/convert.js';
import { addCv } from './commands/cv.js';
import { addDemo } from './commands/demo.js';
import { addDeploy } from './commands/deploy.js';
import { addEval } from './commands/eval.js';
import { addExplain } from './commands/explain.js';
import { addExport } from './commands/export.js';
import { addFind } from './commands/find.js';
import { addOptimize } from './commands/optimize.js';
import { addPredict } from './commands/predict.js';
import { addReport } from './commands/report.js';
import { addReproduce } from './commands/reproduce.js';
import { addSchema } from './commands/schema.js';
import { addStudio } from './commands/studio.js';
import { addSuggest } from './commands/suggest.js';
import { addTrain } from './commands/train.js';
import { addTune } from './commands/tune.js';
import { addWeb } from './commands/web.js';
import { addWorkspaceFlags } from './commands/workspace.js';
import type { Host } from './host.js';
import { optionNames } from './option-names.js';
import { formatDuration } from './progress.js';
import { isDataFolder } from './template-word.js';
import type { Terminal } from './terminal.js';
import { readableWords } from './words.js';

/**
 * Runs one command line.
 *
 * @param argv words behind `otx`.
 * @throws OtxError, also for usage mistakes.
 */
export async function runCommand(
  argv: readonly string[],
  terminal: Terminal,
  host: CommandHost,
): Promise<void> {
  const { command, params } = splitParams(argv);
  const [operation, first] = command;
  if (params && wantsHelp(params)) {
    const isNamed = first !== undefined && !first.startsWith('-') && !isDataFolder(first);
    const template = isNamed ? first : DEFAULT_TEMPLATE;
    terminal.print(
      paramsHelp(
        loadTemplate(template),
        operation !== undefined && Object.hasOwn(PARAMS_OF, operation) ? PARAMS_OF[operation] : undefined,
        terminal.columns,
      ),
    );
    return;
  }
  let hasWorked = false;
  const startWork = () => {
    hasWorked = true;
    host.startWork();
  };
  const program = createProgram(params, terminal, { ...host, startWork });
  if (operation === undefined) {
    program.outputHelp();
    return;
  }
  const known = program.commands.find((one) => one.name() === operation);
  const words = known ? [operation, ...readableWords(command.slice(1), known)] : command;
  if (host.signal.aborted) throw new OtxError('aborted', 'stopped before anything was done');
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw inWordsOfUser(error, optionNames(words, params));
    // Help and version end in the same way.
    if (error.exitCode !== 0) throw new OtxError('usage', mistakeIn(error, known), { cause: error });
  }
  // The clock of a process starts with it.
  if (hasWorked) terminal.print(`done in ${formatDuration(performance.now() / 1000)}`);
}

/** Flags that name folders; whoever types one of these without its flag has a word too many. */
const FOLDERS = ['--train-data-roots', '--test-data-roots', '--explain-data-roots', '--input'];

/** What is wrong with the words, and where what is too many may belong. */
function mistakeIn(error: CommanderError, operation: Command | undefined): string {
  const message = error.message.replace(/^error: /, '');
  if (error.code !== 'commander.excessArguments') return message;
  const flag = FOLDERS.find((one) => operation?.options.some(({ long }) => long === one));
  const place = flag === undefined ? '' : `a folder goes behind its flag, as in ${flag} <folder>; `;
  return `${message.replace(/\.$/, '')}; ${place}a path with spaces stands in quotes`;
}

/** What commands have of their process. */
export type CommandHost = Pick<Host, 'signal' | 'log' | 'startWork'>;

/** All operations with their flags. */
export function createProgram(
  params: readonly string[] | undefined,
  terminal: Terminal,
  host: CommandHost,
): Command {
  const program = new Command('otx')
    .description('Train, evaluate and ship semantic segmentation models.')
    .version(version)
    .exitOverride()
    // Errors are printed once, in one form, by host.ts.
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: () => undefined,
      getOutHelpWidth: () => terminal.columns,
    })
    .showSuggestionAfterError(true)
    .hook('preAction', async (_, command) => {
      refuseEmpty(command);
      await context.enter(command);
    })
    .addHelpText('after', `\n${firstCommands()}`);
  const context = createContext(params, terminal, host);
  for (const add of [
    addFind,
    addBuild,
    addAugment,
    addTrain,
    addCv,
    addReproduce,
    addTune,
    addEval,
    addPredict,
    addSuggest,
    addDemo,
    addExport,
    addOptimize,
    addDeploy,
  ])
    add(program, context);
  addBenchmark(program, context);
  addExplain(program, context);
  addReport(program, context);
  addStudio(program, context);
  addWeb(program, context);
  addCheck(program, context);
  addConvert(program, context);
  addSchema(program, context);
  addWorkspaceFlags(program);
  addCompletion(program, terminal);
  return program;
}

/**
 * An empty path would stand for the current folder, which nobody means who writes `-o "$OUT"`.
 *
 * @throws OtxError `usage`
 */
function refuseEmpty(command: Command): void {
  const values = command.opts<Record<string, unknown>>();
  const empty = command.options.find((option) => {
    const value = values[option.attributeName()];
    return value === '' || (Array.isArray(value) && value.includes(''));
  });
  if (empty) throw new OtxError('usage', `${empty.long} is empty; give it a value, or leave it out`);
}

/** What a newcomer types, with folders in capitals to put in. */
function firstCommands(): string {
  return [
    'Start with one of these (docs/data.md says what DATA holds):',
    `  ${otxCommand('find')}`,
    `  ${otxCommand('train', 'DATA')}`,
    `  ${otxCommand('predict', '--input', 'PHOTOS')}`,
    '"otx <command> --help" lists its flags,',
    '"otx train params --help" the settings of a training.',
  ].join('\n');
}

/** The error with the names under which the user knows the options. */
function inWordsOfUser(error: unknown, nameOf: (option: string) => string): unknown {
  if (!(error instanceof OtxError)) return error;
  const message = error.messageWith(nameOf);
  if (message === error.message) return error;
  const renamed = new OtxError(error.code, message, error);
  renamed.stack = error.stack?.replace(error.message, () => message);
  return renamed;
}
