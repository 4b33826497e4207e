/** @file `otx augment`. */

import { basename, dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { Outputs } from '../../base/outputs/outputs.js';
import {
  AUGMENTATION_NAMES,
  type AugmentationName,
  describeAugmentation,
  openDataset,
  settleDataset,
} from '../../data/index.js';
import { renderAugmentationSheet } from '../../drawing/augmentation-sheet.js';
import { encodePng } from '../../drawing/overlay.js';
import { loadTemplate } from '../../index.js';
import { datasetInputs } from '../../runs/inputs.js';
import { inputSizes, resolveHyperParameters, settingsOf } from '../../settings/index.js';
import { afterAugment } from '../closing.js';
import { addSettingFlags, settingsNamed } from '../setting-flags.js';
import { type CommandContext, paramsHint } from './context.js';

const SHEET_FILE = 'augmentation.png';

const DEFAULT_SEED = 42;
const SEED = settingsNamed('seed').map((setting) => ({
  ...setting,
  help: `seed of the training whose first samples are shown (default: ${DEFAULT_SEED})`,
}));

interface Flags {
  trainDataRoots: string;
  output: string;
  augmentation: AugmentationName;
  seed?: number;
  dataFormat?: string;
  useOtxAdapter?: boolean;
  assume?: string;
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
        .choices(AUGMENTATION_NAMES)
        .default('documented'),
    );
  addSettingFlags(command, [...SEED, ...settingsNamed('dataFormat', 'useOtxAdapter', 'assume')])
    .addHelpText('after', paramsHint('augment', 'learning_parameters.input_size 256x256'))
    .action(async (template: string, flags: Flags) => {
      const { augmentation, seed = DEFAULT_SEED, assume } = flags;
      const output = /\.png$/i.test(flags.output) ? flags.output : join(flags.output, SHEET_FILE);
      const { inputSize: size, useOtxAdapter } = settings('augment', flags.useOtxAdapter);
      const cropSize = inputSizes(
        resolveHyperParameters(loadTemplate(template), settingsOf({ inputSize: size })),
      ).train;
      await run(async ({ signal, onEvent }) => {
        const opened = await openDataset(flags.trainDataRoots, {
          ...{ format: flags.dataFormat, role: 'train', useOtxAdapter, assume, signal },
        });
        const dataset = await settleDataset(opened, { signal });
        const inputs = datasetInputs('the data set', flags.trainDataRoots, dataset);
        const outputs = await Outputs.open({ root: dirname(output), files: [basename(output)], inputs });
        try {
          const onProgress = (done: number, total: number) =>
            onEvent({ type: 'progress', task: 'draw', done, total });
          const sheet = await renderAugmentationSheet(dataset, {
            ...{ augmentation, cropSize, seed },
            ...{ signal, onProgress },
          });
          await outputs.write(basename(output), await encodePng(sheet));
          // Where a file was named, nothing else comes beside it.
          if (output !== flags.output) onEvent({ type: 'output', folder: flags.output });
        } finally {
          await outputs.close();
        }
      });
      terminal.print(
        `written ${output}: the first samples of a training with seed ${seed} at ${cropSize}x${cropSize}\n` +
          `${augmentation}: ${describeAugmentation(augmentation)}\n\n` +
          afterAugment(template, flags.trainDataRoots, [
            ...['--learning_parameters.augmentation', augmentation],
            ...(size === undefined ? [] : ['--learning_parameters.input_size', size]),
          ]),
      );
    });
}
