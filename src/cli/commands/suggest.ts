/** @file `otx suggest`. */

import { type Command, Option } from 'commander';
import { OtxError } from '../../base/errors.js';
import { ADVICE_STRATEGIES, type AdviceStrategy, suggestLabels } from '../../index.js';
import { afterColdStart, afterSuggest } from '../closing.js';
import { addSettingFlags, settingsNamed } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, LATEST, paramsHint } from './context.js';
import { numberOf } from './tune.js';
import { unusable } from './unusable.js';

interface Flags {
  input: string;
  loadWeights?: string;
  coldStart?: boolean;
  output?: string;
  number: number;
  by?: AdviceStrategy;
  threads?: number;
  trainDataRoots?: string;
}

export function addSuggest(program: Command, context: CommandContext): void {
  const { terminal, settings, run, outputFor, weightsFrom } = context;
  const command = program
    .command('suggest')
    .description('say which pictures to label next, with masks to correct')
    .argument(
      '[template]',
      'template of the model; needed for weights of PyTorch, others name it; with --cold-start whose backbone looks at them',
    )
    .requiredOption('-i, --input <folder>', 'pictures without labels')
    .option(
      '--load-weights <path>',
      `run folder, checkpoint, exported .onnx or .xml file, or .pth, .pt or .safetensors file from elsewhere ${LATEST}`,
    )
    .option(
      '--cold-start',
      'nothing is labeled yet: choose the first pictures to label, by the features of the embedded backbone of the template',
    )
    .option('-n, --number <number>', 'pictures to choose', (text) => numberOf(text, { whole: true }), 20)
    .addOption(
      new Option(
        '--by <way>',
        'what counts: uncertainty of the model, coverage of all pictures in its features, or both (default: combined)',
      ).choices(ADVICE_STRATEGIES),
    )
    .option('-o, --output <folder>', `folder for the advice (default: ${DEFAULT_OUTPUTS}/<time>_suggest)`);
  addSettingFlags(command, settingsNamed('trainData', 'threads'), {
    helpEnds: { trainData: ' before: pictures unlike these are chosen (default: that of the run)' },
  })
    .addHelpText('after', paramsHint('suggest', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const asked = settings('suggest');
      const { input, number: count, by: strategy, threads, trainDataRoots: trainData } = flags;
      if (flags.coldStart && flags.loadWeights !== undefined) {
        throw new OtxError(
          'usage',
          '--cold-start is for the time before there are weights; leave out one of the two flags',
        );
      }
      const weights = flags.coldStart ? undefined : await weightsFrom(flags.loadWeights).catch(orColdStart);
      const output = await outputFor('suggest', flags.output);
      const { pictures, seen, duplicates, failed, files } = await run((hooks) =>
        suggestLabels({
          template,
          input,
          weights,
          trainData,
          output,
          count,
          strategy,
          threads,
          ...asked,
          ...hooks,
        }),
      );
      const passed = duplicates === 0 ? '' : `; ${duplicates} near duplicates of others were passed over`;
      terminal.print(
        [
          `${pictures.length} of ${seen} pictures to label next${passed}:`,
          ...pictures.map(({ input: picture }, at) => `${String(at + 1).padStart(4)}  ${picture}`),
          `list ${files.table} and ${files.json}, sheet ${files.sheet}`,
          weights === undefined
            ? `copies of the pictures in ${files.proposals}`
            : `masks to correct in ${files.proposals}`,
          `\n${weights === undefined ? afterColdStart(files) : afterSuggest(files)}`,
        ].join('\n'),
      );
      if (failed.length > 0) throw unusable(failed, seen);
    });
}

/** Before the first training there are no weights, and one way to do without. */
function orColdStart(error: unknown): never {
  if (!(error instanceof OtxError && error.code === 'usage')) throw error;
  throw new OtxError('usage', `${error.marked}; --cold-start chooses the first pictures without a model`, {
    cause: error,
  });
}
