/** @file `otx reproduce`. */

import { type Command, InvalidArgumentError } from 'commander';
import { formatTables, type ReproduceResult, reproduce, TABLE_NAMES, type TableName } from '../../index.js';
import { addSettingFlags, settingsNamed, typedOptions } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { addNoWait, parseSeeds, sayingHowToGoOn, studyNotes } from './study-parts.js';

const SETTINGS = settingsNamed('pretrained', 'threads').map((setting) =>
  setting.name === 'pretrained'
    ? { ...setting, help: setting.help.replace(/\(default: auto\)/, '(default: imagenet, as documented)') }
    : setting,
);

interface Flags {
  readonly dataRoot: string;
  readonly table?: readonly TableName[];
  readonly models?: readonly string[];
  readonly seeds?: readonly number[];
  readonly output?: string;
  readonly wait: boolean;
}

export function addReproduce(program: Command, { terminal, settings, run, outputFor }: CommandContext): void {
  const command = program
    .command('reproduce')
    .description(
      'train what the tables of the documentation of OTX are of, on your own copies of the data sets',
    )
    .requiredOption(
      '--data-root <folder>',
      'folder with copies of DIS5K, Cityscapes, Pascal VOC 2012 or KITTI, which are found by their content',
    )
    .option(
      '--table <names>',
      `tables with commas between them: ${TABLE_NAMES.join(', ')} (default: all)`,
      parseTables,
    )
    .option(
      '--models <names>',
      'templates with commas between them, such as Lite-HRNet-s-mod2,SegNext-t (default: all of the tables)',
      parseNames,
    )
    .option('--seeds <list>', 'train with each of these seeds, such as 0,1,2 (default: 0)', parseSeeds)
    .option('-o, --output <folder>', `folder of the study (default: ${DEFAULT_OUTPUTS}/<time>_reproduce)`);
  addSettingFlags(addNoWait(command), SETTINGS)
    .addHelpText('after', paramsHint('reproduce', 'learning_parameters.num_iters 30'))
    .action(async (flags: Flags) => {
      const { dataRoot, table: tables, models, seeds, wait } = flags;
      const asked = { ...typedOptions({ ...flags }, SETTINGS), ...settings('reproduce') };
      const output = await outputFor('reproduce', flags.output);
      const result = await sayingHowToGoOn(
        run((hooks) => reproduce({ dataRoot, tables, models, seeds, output, wait, ...asked, ...hooks })),
        terminal,
        flags.output === undefined ? output : undefined,
      );
      terminal.print(resultText(result, terminal.columns));
    });
}

function resultText(result: ReproduceResult, columns: number): string {
  const { tables, changed, missing, files } = result;
  return [
    '\nreached (published), mean Dice in percent, TR the ratio of training times:\n',
    formatTables(tables, { columns }),
    '',
    ...(changed.length > 0
      ? [`note: ${changed.join(', ')} differ from the documented settings, so that this is no reproduction`]
      : []),
    ...missing.map(
      ({ name, looksFor }) => `note: no copy of ${name} was found, by ${looksFor}; its cells were not run`,
    ),
    ...studyNotes(result),
    `written ${files.tables} and ${files.cells}`,
  ].join('\n');
}

const parseNames = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function parseTables(text: string): TableName[] {
  return parseNames(text).map((word) => {
    const name = TABLE_NAMES.find((known) => known === word.toLowerCase());
    if (name !== undefined) return name;
    throw new InvalidArgumentError(`expected some of ${TABLE_NAMES.join(', ')} with commas between them`);
  });
}
