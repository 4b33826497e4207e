/** @file `otx train`. */

import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import { type ResumeOptions, type TrainOptions, train } from '../../index.js';
import { formatMetrics } from '../../runs/metrics.js';
import type { RunConfig } from '../../runs/run-config.js';
import { settings } from '../../settings/index.js';
import { parseCheckpointInterval, parseDuration, parseSeed, parseThreads } from '../arguments.js';
import { afterTraining } from '../closing.js';
import { assumeOption } from './assume-option.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { dataFormatOption } from './data-format-option.js';
import { endedTraining } from './ended-training.js';
import { otxAdapterOption } from './otx-adapter-option.js';
import { printableConfig, type TrainFlags, type TrainRequest, trainRequest } from './train-request.js';

const DETERMINISTIC =
  'note: --deterministic: every training here is; equal seed, data and threads give bit-identical weights';
const GPUS =
  'GPUs are not used; the training runs on the CPU, on as many cores as --threads says or the process may use';

export function addTrain(
  program: Command,
  { terminal, settings: typed, adapter, run, outputFor }: CommandContext,
): void {
  const command = program
    .command('train')
    .description('train a model, or go on with an interrupted training')
    .argument('[template]', 'name or id of a template in any case, or a path to its YAML file')
    .option('--train-data-roots <folder>', 'data set to learn from')
    .option('--val-data-roots <folder>', 'data set to validate on after each epoch')
    .option(
      '--data <file>',
      'data.yaml of OTX that names these folders and those of unlabeled images; flags win',
    )
    .option(
      '--unlabeled-data-roots <path>',
      'folder of images without masks, in any nesting, to learn from as well, or a list of them: from two images on it ' +
        'selects semi-supervised training',
    )
    .option(
      '--unlabeled-file-list <file>',
      'use only these of them: a text file with one relative path per line',
    )
    .addOption(dataFormatOption())
    .addOption(otxAdapterOption())
    .addOption(assumeOption())
    .option('-o, --output <folder>', `folder of the run (default: ${DEFAULT_OUTPUTS}/<time>_train)`)
    .option('--seed <number>', 'seed of everything random (default: 42; Selfsupervised: 5)', parseSeed)
    .option(
      '--load-weights <path>',
      'start from the weights of a run folder, checkpoint, .pth, .pt or .safetensors file',
    )
    .option('--pretrained', 'start from the published ImageNet backbone, downloaded when it is not here yet')
    .option('--no-pretrained', 'start from random weights, whatever the template says')
    .option(
      '--resume-from <path>',
      'go on with an interrupted run, bit by bit: its folder or last.safetensors',
    )
    .option('--time-budget <duration>', 'end within this time, e.g. 90s, 30m or 1.5h', parseDuration)
    .option(
      '--checkpoint-interval <when>',
      'save besides after every validation and every 60s: after e.g. 100 steps, or every e.g. 5m instead of 60s',
      parseCheckpointInterval,
    )
    .option(
      '--threads <number>',
      'threads that compute (default: all that the process may use)',
      parseThreads,
    )
    .option('--gpus <list>', `accepted for the sake of scripts: ${GPUS}`)
    .option('--deterministic', 'accepted for the sake of scripts: every training here is deterministic')
    .option('--config <file>', 'YAML with any of the settings, as --print-config writes it; flags win')
    .option('--print-config', 'print what would be done as YAML, and do nothing')
    .addHelpText('after', paramsHint('train', 'learning_parameters.num_iters 30'))
    .action(async (template: string | undefined, flags: TrainFlags) => {
      const request = await trainRequest(template, flags, typed('train'), adapter(flags.useOtxAdapter));
      if (flags.printConfig) {
        terminal.print(await printableConfig(request, flags.resumeFrom));
        return;
      }
      const options = await trainOptions(request, flags, outputFor);
      if (flags.gpus !== undefined) terminal.print(`note: --gpus ${flags.gpus}: ${GPUS}`);
      if (flags.deterministic) terminal.print(DETERMINISTIC);
      const typedCommand = otxCommand(...process.argv.slice(2));
      /** As it began, with what --config and --resume-from have added. */
      let config: RunConfig | undefined;
      const { classes, metrics, bestEpoch, weights, output } = await run(({ onEvent, signal }) =>
        train({
          ...options,
          command: typedCommand,
          signal,
          onEvent: (event) => {
            if (event.type === 'start') config = event.config;
            onEvent(event);
          },
        }),
      ).catch(async (error: unknown) => {
        if (config && error instanceof OtxError && error.code === 'aborted') {
          const ended = await endedTraining(options, config);
          terminal.print(`\n${afterTraining({ ...ended, isInterrupted: true })}`);
        }
        throw error;
      });
      const names = classes.map(({ name }) => name);
      const score = metrics
        ? [
            `\nbest epoch ${bestEpoch}, in percent:`,
            formatMetrics(metrics, names, terminal.columns),
            `\nPerformance(score: ${metrics.mDice}, dashboard: (1 metric groups))`,
          ]
        : ['\nPerformance(score: -1, dashboard: (0 metric groups))'];
      const ended = config && (await endedTraining(options, config));
      terminal.print(
        [
          ...score,
          `weights ${ended ? join(ended.output, relative(output, weights)) : weights}`,
          ...(ended ? [`\n${afterTraining({ ...ended, isInterrupted: false })}`] : []),
        ].join('\n'),
      );
    });
  for (const { flag } of settings.entries) {
    if (flag) command.option(`${flag.long} ${flag.value}`, flag.help);
  }
}

async function trainOptions(
  { template, trainData, validationData, output, hyperParameters, ...rest }: TrainRequest,
  { resumeFrom, checkpointInterval }: TrainFlags,
  outputFor: CommandContext['outputFor'],
): Promise<TrainOptions | ResumeOptions> {
  const common = { ...rest, ...settings.toFlat(hyperParameters), checkpointInterval };
  if (resumeFrom !== undefined) return { ...common, resumeFrom, template, trainData, validationData, output };
  if (template === undefined) throw missing('argument', 'template');
  if (trainData === undefined) throw missing('option', 'trainData');
  return { ...common, template, trainData, validationData, output: await outputFor('train', output) };
}

const missing = (what: string, name: string) =>
  new OtxError(
    'usage',
    `missing required ${what} ${option(name)} (only --resume-from${name === 'template' ? '' : ', --data'} and --config ` +
      'can stand in for it)',
  );
