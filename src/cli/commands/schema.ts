/** @file `otx schema`: the settings of a training for other programs. */

import type { Command } from 'commander';
import { settingsSchema } from '../../index.js';
import type { CommandContext } from './context.js';

export function addSchema(program: Command, { terminal, settings }: CommandContext): void {
  program
    .command('schema')
    .description(
      'print the settings of a training as a JSON Schema: types, ranges, defaults, descriptions, names behind params',
    )
    .argument('[template]', 'whose defaults to tell: name, id or path to its YAML file')
    .action((template: string | undefined) => {
      settings('schema');
      terminal.print(JSON.stringify(settingsSchema(template), null, 2));
    });
}
