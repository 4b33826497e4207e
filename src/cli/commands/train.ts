/** @file `otx train`. */

import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import {
  buildWorkspace,
  describeSettings,
  formatMetrics,
  formatTrainingConfig,
  linkLatestRun,
  type ResumeOptions,
  type RunConfig,
  type TrainOptions,
  train,
} from '../../index.js';
import { afterTraining } from '../closing.js';
import { addSettingFlags } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { endedTraining } from './ended-training.js';
import { addNetworkFlags } from './network-flags.js';
import { addNoWait, parseSeeds } from './study-parts.js';
import { addHpoFlags, trainAfterSearch } from './train-hpo.js';
import { missingData, type TrainFlags, type TrainRequest, trainRequest } from './train-request.js';
import { trainWithSeeds } from './train-seeds.js';

const DETERMINISTIC =
  'note: --deterministic: every training here is; equal seed, data and threads give bit-identical weights';
const GPUS =
  'GPUs are not used; the training runs on the CPU, on as many cores as --threads says or the process may use';

export function addTrain(program: Command, context: CommandContext): void {
  const { terminal, settings: typed, run, outputFor, workspace } = context;
  const command = program
    .command('train')
    .description('train a model, or go on with an interrupted training')
    .argument(
      '[template]',
      'name or id of a template in any case, or a path to its YAML file; or the folder of the training data',
    );
  addSettingFlags(command, describeSettings(), {
    helpEnds: { output: ` (default: ${DEFAULT_OUTPUTS}/<time>_train)` },
  })
    .option('--data <file>', 'data.yaml of OTX that names the folders of the data sets; flags win')
    .option('--gpus <list>', `accepted for the sake of scripts: ${GPUS}`)
    .option('--deterministic', 'accepted for the sake of scripts: every training here is deterministic')
    .option('--config <file>', 'YAML with any of the settings, as --print-config writes it; flags win')
    .option('--print-config', 'print what would be done as YAML, and do nothing')
    .option(
      '--seeds <list>',
      'train once with each of these seeds, such as 0,1,2, and tell mean, deviation and the best',
      parseSeeds,
    );
  addNoWait(addHpoFlags(addNetworkFlags(command)))
    .addHelpText('after', paramsHint('train', 'learning_parameters.num_iters 30'))
    .action(async (template: string | undefined, flags: TrainFlags) => {
      const asked = typed('train', flags.useOtxAdapter);
      const request = await trainRequest(template, flags, asked, workspace());
      if (flags.workspace !== undefined && !workspace() && !flags.printConfig) {
        await makeWorkspace(flags.workspace, request);
        await context.enter(command);
      }
      if (flags.enableHpo) return trainAfterSearch(request, flags, context);
      if (flags.hpoTimeRatio !== undefined) {
        throw new OtxError('usage', '--hpo-time-ratio goes with --enable-hpo, which is missing');
      }
      if (flags.seeds !== undefined) return trainWithSeeds(request, flags, context);
      if (flags.wait === false) throw new OtxError('usage', '--no-wait goes with --seeds, which is missing');
      if (flags.printConfig) {
        terminal.print(await formatTrainingConfig(request as Partial<TrainOptions>));
        return;
      }
      const options = await trainOptions(request, outputFor);
      if (flags.gpus !== undefined) terminal.print(`note: --gpus ${flags.gpus}: ${GPUS}`);
      if (flags.deterministic) terminal.print(DETERMINISTIC);
      const typedCommand = otxCommand(...process.argv.slice(2));
      /** As it began, with what --config and --resume-from have added. */
      let config: RunConfig | undefined;
      const { classes, metrics, bestEpoch, average, weights, output } = await run(({ onEvent, signal }) =>
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
      const made = workspace();
      if (made) await linkLatestRun(made, output);
      const names = classes.map(({ name }) => name);
      const score = metrics
        ? [
            `\nbest epoch ${bestEpoch}${average === undefined ? '' : `, ${average} of its weights`}, in percent:`,
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
}

/** With the template and the data of its first training, which are its own from now on. */
async function makeWorkspace(
  workspace: string,
  { template, trainData, validationData, unlabeledData, unlabeledFileList }: TrainRequest,
): Promise<void> {
  const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
  await buildWorkspace({
    ...{ workspace, template: textOf(template), unlabeledData, unlabeledFileList },
    ...{ trainData: textOf(trainData), validationData: textOf(validationData) },
  });
}

async function trainOptions(
  { template, trainData, output, resumeFrom, ...rest }: TrainRequest,
  outputFor: CommandContext['outputFor'],
): Promise<TrainOptions | ResumeOptions> {
  if (resumeFrom !== undefined) return { ...rest, resumeFrom, template, trainData, output };
  if (trainData === undefined) throw missingData();
  return { ...rest, template, trainData, output: await outputFor('train', output) };
}
