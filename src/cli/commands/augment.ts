/** @file `otx augment`. */

import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { drawAugmentation, type SettingOptions } from '../../index.js';
import { afterAugment } from '../closing.js';
import { addSettingFlags, settingsNamed } from '../setting-flags.js';
import { type CommandContext, paramsHint } from './context.js';

const SHEET_FILE = 'augmentation.png';

const [AUGMENTATION] = settingsNamed('augmentation');
const DEFAULT_SEED = 42;
const SEED = settingsNamed('seed').map((setting) => ({
  ...setting,
  help: `seed of the training whose first samples are shown (default: ${DEFAULT_SEED})`,
}));

interface Flags {
  trainDataRoots: string;
  output: string;
  augmentation: NonNullable<SettingOptions['augmentation']>;
  seed?: number;
  dataFormat?: string;
  useOtxAdapter?: boolean;
  assume?: string;
  bands?: string;
}

export function addAugment(program: Command, { terminal, settings, run }: CommandContext): void {
  const command = program
    .command('augment')
    .description('draw what training makes of the images: a sheet of augmented samples with their masks')
    .argument('<template>', 'name or id of a template in any case, or a path to its YAML file')
    .requiredOption('--train-data-roots <folder>', 'data set whose images are augmented')
    .requiredOption('-o, --output <path>', `the sheet: a .png file, or a folder for ${SHEET_FILE}`)
    .addOption(
      new Option('--augmentation <name>', 'which augmentation to show')
        .choices(AUGMENTATION?.words ?? [])
        .default('documented'),
    );
  addSettingFlags(command, [...SEED, ...settingsNamed('dataFormat', 'useOtxAdapter', 'assume', 'bands')])
    .addHelpText('after', paramsHint('augment', 'learning_parameters.input_size 256x256'))
    .action(async (template: string, flags: Flags) => {
      const { trainDataRoots: trainData, augmentation, seed = DEFAULT_SEED, dataFormat } = flags;
      const { assume, bands } = flags;
      const output = /\.png$/i.test(flags.output) ? flags.output : join(flags.output, SHEET_FILE);
      const asked = settings('augment', flags.useOtxAdapter);
      const { cropSize, description } = await run(async ({ signal, onEvent }) => {
        const drawn = await drawAugmentation({
          ...{ template, trainData, output, augmentation, seed, dataFormat, assume, bands, ...asked },
          ...{ signal, onEvent },
        });
        // Where a file was named, nothing else comes beside it.
        if (output !== flags.output) onEvent({ type: 'output', folder: flags.output });
        return drawn;
      });
      terminal.print(
        `written ${output}: the first samples of a training with seed ${seed} at ${cropSize}x${cropSize}\n` +
          `${augmentation}: ${description}\n\n` +
          afterAugment(template, trainData, [
            ...['--learning_parameters.augmentation', augmentation],
            ...(asked.inputSize === undefined ? [] : ['--learning_parameters.input_size', asked.inputSize]),
          ]),
      );
    });
}
