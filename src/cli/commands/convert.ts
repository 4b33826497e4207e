/** @file `otx convert`. */

import { type Command, Option } from 'commander';
import { CONVERT_FORMATS, convertDataset } from '../../index.js';
import { addSettingFlags, settingsNamed } from '../setting-flags.js';
import type { CommandContext } from './context.js';

interface Flags {
  output: string;
  to: string;
  dataFormat?: string;
  assume?: string;
}

export function addConvert(program: Command, { terminal, run }: CommandContext): void {
  const command = program
    .command('convert')
    .description('write a data set, with all of its subsets, in another layout')
    .argument('<data>', 'folder of the data set')
    .requiredOption('-o, --output <folder>', 'folder for the new data set')
    .addOption(new Option('--to <name>', 'layout to write').choices(CONVERT_FORMATS).makeOptionMandatory());
  addSettingFlags(command, settingsNamed('dataFormat', 'assume')).action(
    async (data: string, flags: Flags) => {
      const { output, to, dataFormat, assume } = flags;
      const { classes, subsets } = await run((hooks) =>
        convertDataset({ data, output, to, dataFormat, assume, ...hooks }),
      );
      const parts = subsets.map(({ name, images }) =>
        name === '' ? `${images} images` : `${name} ${images}`,
      );
      const names = classes.map(({ name }) => name).join(', ');
      terminal.print(`written ${output}: ${parts.join(', ')}; classes ${names}`);
    },
  );
}
