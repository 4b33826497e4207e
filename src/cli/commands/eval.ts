/** @file `otx eval`. */

import { basename } from 'node:path';
import type { Command } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import { printableLine } from '../../base/text.js';
import { evaluate, formatMetrics, type ImageScore, readDataFile } from '../../index.js';
import { afterEval } from '../closing.js';
import { addSettingFlags, settingsNamed, typedOptions } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { addModelFlags, type ModelFlags, modelsFrom } from './model-flags.js';

/** Images that are named. */
const LOWEST = 3;

interface Flags extends ModelFlags {
  testDataRoots?: string;
  data?: string;
  output?: string;
  dataFormat?: string;
  useOtxAdapter?: boolean;
  assume?: string;
  bands?: string;
  threads?: number;
  tile?: string;
  overlap?: string;
}

export function addEval(program: Command, context: CommandContext): void {
  const { terminal, settings, run, outputFor } = context;
  const command = addModelFlags(
    program
      .command('eval')
      .description('score a checkpoint or an exported ONNX file on a data set')
      .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
      .option('--test-data-roots <folder>', 'data set to score on')
      .option('--data <file>', 'data.yaml of OTX, whose data.test.data-roots is scored on; flags win'),
  ).option(
    '-o, --output <folder>',
    `folder for tables and pictures of the scores (default: ${DEFAULT_OUTPUTS}/<time>_eval)`,
  );
  addSettingFlags(
    command,
    settingsNamed('dataFormat', 'useOtxAdapter', 'assume', 'bands', 'tile', 'overlap', 'threads'),
  )
    .addHelpText('after', paramsHint('eval', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const asked = {
        ...typedOptions({ ...flags }, settingsNamed('tile', 'overlap')),
        ...settings('eval', flags.useOtxAdapter),
      };
      const testData = flags.testDataRoots ?? (await testDataOf(flags.data ?? context.workspace()?.data));
      const weights = await modelsFrom(flags, context);
      const output = await outputFor('eval', flags.output);
      const { dataFormat, assume, bands, threads, tta } = flags;
      const { classes, metrics, diceAverage, images, files } = await run((hooks) =>
        evaluate({
          ...{ template, testData, dataFormat, weights, tta, output, assume, bands, threads, ...asked },
          ...hooks,
        }),
      );
      const names = classes.map(({ name }) => name);
      terminal.print(
        [
          formatMetrics(metrics, names, terminal.columns),
          `mean Dice ${metrics.mDice.toFixed(4)} with background (as during training), ` +
            `${diceAverage.toFixed(4)} without (Dice Average)`,
          `Performance(score: ${diceAverage}, dashboard: (1 metric groups))`,
          ...lowestLine(images),
          `written into ${output}: ${Object.values(files!)
            .map((path) => basename(path))
            .join(', ')}`,
          `\n${afterEval({ weights, template }, files!.worstImages)}`,
        ].join('\n'),
      );
    });
}

/** The images where there is most to learn from. */
function lowestLine(images: readonly ImageScore[]): string[] {
  const lowest = images.filter(({ mDice }) => !Number.isNaN(mDice)).sort((a, b) => a.mDice - b.mDice);
  const words = lowest
    .slice(0, LOWEST)
    .map(({ name, mDice }) => `${printableLine(name)} ${mDice.toFixed(4)}`);
  return words.length === 0 ? [] : [`lowest mean Dice: ${words.join(', ')}`];
}

async function testDataOf(file: string | undefined): Promise<string> {
  const test = file === undefined ? undefined : (await readDataFile(file)).test;
  if (test !== undefined) return test;
  const hint =
    file === undefined ? ' (only --data can stand in for it)' : `, and ${file} names no data.test.data-roots`;
  throw new OtxError('usage', `missing required option ${option('testData')}${hint}`);
}
