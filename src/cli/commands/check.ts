/** @file `otx check`. */

import type { Command } from 'commander';
import { checkLabels, DEFAULT_TEMPLATE, examineDataset, planTraining } from '../../index.js';
import { addSettingFlags, settingsNamed, typedOptions } from '../setting-flags.js';
import { checkFlags, checkUsable, pilotSeconds, planLines, suspectLines } from './check-parts.js';
import { type CommandContext, DEFAULT_OUTPUTS } from './context.js';
import { findingLines } from './finding-lines.js';

const READING = settingsNamed('dataFormat', 'useOtxAdapter', 'assume', 'bands');
const PLANNED = settingsNamed('validationData', 'timeBudgetSeconds', 'threads');

interface Flags extends Readonly<Record<string, unknown>> {
  readonly output?: string;
  readonly template?: string;
  readonly loadWeights?: string;
  readonly pilot?: string;
  readonly list?: string;
  readonly html?: boolean;
}

export function addCheck(program: Command, { terminal, run, outputFor }: CommandContext): void {
  const command = program
    .command('check')
    .description(
      'find what is wrong with a data set and plan a training on it, or find labels that a trained model contradicts',
    )
    .argument('<data>', 'folder of the data set')
    .option(
      '-o, --output <folder>',
      `folder for findings, plan and tables (default: ${DEFAULT_OUTPUTS}/<time>_check)`,
    )
    .option('--html', 'also write the findings as one page with pictures, to be sent to whoever labels')
    .option('--template <name>', `template to plan for (default: ${DEFAULT_TEMPLATE})`)
    .option('--pilot [duration]', 'also train for this time, and say what that reaches (default: 2m)')
    .option(
      '--load-weights <path>',
      'rank the images by how surely this run, checkpoint or exported .onnx or .xml file contradicts their labels',
    );
  command.option(
    '--list <file>',
    'with --load-weights: only these images, one a line, e.g. split/val.txt of the run',
  );
  addSettingFlags(command, [...PLANNED, ...READING]).action(async (data: string, flags: Flags) => {
    const { template, loadWeights, list, html: page } = flags;
    checkFlags(flags);
    const seconds = pilotSeconds(flags.pilot);
    const reading = typedOptions(flags, READING);
    const output = await outputFor('check', flags.output);
    if (loadWeights !== undefined) {
      const { threads } = typedOptions(flags, PLANNED);
      const checked = await run((hooks) =>
        checkLabels({ ...reading, ...hooks, data, weights: loadWeights, template, threads, list, output }),
      );
      terminal.print(suspectLines(checked));
      return;
    }
    const { validationData: validation, ...planned } = typedOptions(flags, PLANNED);
    const validationData = validation as string | undefined;
    const examined = await run((hooks) =>
      examineDataset({ ...reading, ...hooks, data, validationData, output, page }),
    );
    terminal.print(findingLines(examined));
    checkUsable(examined);
    const plan = await run((hooks) =>
      planTraining({
        ...{ ...reading, ...planned, ...hooks, template, output, validationData },
        trainData: data,
        pilotSeconds: seconds,
      }),
    );
    terminal.print(planLines(plan, terminal.columns));
  });
}
