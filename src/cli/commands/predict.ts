/** @file `otx predict`. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { listSome } from '../../base/text.js';
import { type ClassInfo, type PredictedImage, predict } from '../../index.js';
import { afterPredict } from '../closing.js';
import { addSettingFlags, settingsNamed, typedOptions } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { addModelFlags, type ModelFlags, modelsFrom } from './model-flags.js';
import { unusable } from './unusable.js';

/** Classes that are named; more are counted. */
const LISTED = 20;

interface Flags extends ModelFlags {
  input: string;
  output?: string;
  bands?: string;
  threads?: number;
  tile?: string;
  overlap?: string;
}

export function addPredict(program: Command, context: CommandContext): void {
  const { terminal, settings, run, outputFor } = context;
  const command = addModelFlags(
    program
      .command('predict')
      .description('segment images: coloured overlays to look at, index masks to work with')
      .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
      .requiredOption('-i, --input <path>', 'an image or a folder of images'),
  ).option(
    '-o, --output <folder>',
    `folder for overlays/ and masks/ (default: ${DEFAULT_OUTPUTS}/<time>_predict)`,
  );
  addSettingFlags(command, settingsNamed('bands', 'tile', 'overlap', 'threads'))
    .addHelpText('after', paramsHint('predict', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const asked = {
        ...typedOptions({ ...flags }, settingsNamed('tile', 'overlap')),
        ...settings('predict'),
      };
      const { input, bands, threads, tta } = flags;
      const weights = await modelsFrom(flags, context);
      const output = await outputFor('predict', flags.output);
      const { classes, images, failed } = await run((hooks) =>
        predict({ template, input, weights, tta, output, bands, threads, ...asked, ...hooks }),
      );
      if (images.length === 0) throw unusable(failed, failed.length);
      const count = `${images.length} ${images.length === 1 ? 'image' : 'images'}`;
      terminal.print(
        [
          `${count} segmented; overlays in ${join(output, 'overlays')}, index masks in ${join(output, 'masks')}`,
          sharesLine(classes, images),
          `\n${afterPredict({ weights, template }, output)}`,
        ].join('\n'),
      );
      if (failed.length > 0) throw unusable(failed, images.length + failed.length);
    });
}

/** How much of the images each class takes, the largest first; each image counts alike. */
function sharesLine(classes: readonly ClassInfo[], images: readonly PredictedImage[]): string {
  const shares = classes.map(({ name }, index) => ({
    name,
    share: images.reduce((sum, { shares }) => sum + shares[index]!, 0) / images.length,
  }));
  const seen = shares.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
  const words = seen.map(({ name, share }) => `${name} ${(100 * share).toFixed(1)} %`);
  return `share of the pixels: ${listSome(words, LISTED)}`;
}
