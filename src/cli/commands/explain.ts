/** @file `otx explain`. */

import { basename, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { OtxError } from '../../base/errors.js';
import { printableLine } from '../../base/text.js';
import { EXPLAIN_ALGORITHMS, type ExplainedImage, explain } from '../../index.js';
import { afterExplain } from '../closing.js';
import { addSettingFlags, settingsNamed, typedOptions } from '../setting-flags.js';
import { type CommandContext, DEFAULT_OUTPUTS, paramsHint } from './context.js';
import { addModelFlags, type ModelFlags, modelsFrom } from './model-flags.js';
import { unusable } from './unusable.js';

/** Images that are named. */
const MOST_UNSURE = 3;

interface Flags extends ModelFlags {
  explainDataRoots: string;
  saveExplanationTo?: string;
  output?: string;
  explainAlgorithm?: string;
  explainAllClasses?: boolean;
  processSaliencyMaps?: boolean;
  overlayWeight?: number;
  bands?: string;
  threads?: number;
}

export function addExplain(program: Command, context: CommandContext): void {
  const { terminal, settings, run, outputFor } = context;
  const command = addModelFlags(
    program
      .command('explain')
      .description('draw what a model sees in images: probability and activation of each class, and doubt')
      .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
      .requiredOption('--explain-data-roots <path>', 'an image or a folder of images'),
  )
    .option(
      '-o, --output <folder>',
      `folder for sheets/, maps/ and overlays/ (default: ${DEFAULT_OUTPUTS}/<time>_explain)`,
    )
    .option('--save-explanation-to <folder>', 'the same as -o')
    .option(
      '--explain-algorithm <names>',
      `what is drawn, one or several with commas: ${EXPLAIN_ALGORITHMS.join(', ')} (default: ClassWiseSaliencyMap,Entropy)`,
    )
    .option(
      '--explain-all-classes',
      'all classes (default: those that an image shows, the background left out)',
    )
    .option('--process-saliency-maps', 'also write each map in colours over its image')
    .option(
      '--overlay-weight <share>',
      'weight of the colours over images, 0 to 1 (default: 0.5)',
      parseWeight,
    );
  addSettingFlags(command, settingsNamed('bands', 'tile', 'overlap', 'threads'))
    .addHelpText('after', paramsHint('explain', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const asked = {
        ...typedOptions({ ...flags }, settingsNamed('tile', 'overlap')),
        ...settings('explain'),
      };
      const given = outputOf(flags);
      const weights = await modelsFrom(flags, context);
      const output = await outputFor('explain', given);
      const { bands, threads, tta, overlayWeight } = flags;
      const { images, failed } = await run((hooks) =>
        explain({
          ...{ template, input: flags.explainDataRoots, weights, tta, output, bands, threads },
          ...{ algorithms: flags.explainAlgorithm, allClasses: flags.explainAllClasses },
          ...{ overlays: flags.processSaliencyMaps, overlayWeight, ...asked, ...hooks },
        }),
      );
      if (images.length === 0) throw unusable(failed, failed.length, 'explained');
      terminal.print(
        [
          `${images.length} ${images.length === 1 ? 'image' : 'images'} explained; sheets in ${join(output, 'sheets')}, maps in ` +
            join(output, 'maps') +
            (flags.processSaliencyMaps ? `, over their images in ${join(output, 'overlays')}` : ''),
          leastSure(images),
          `\n${afterExplain({ weights, template }, output)}`,
        ].join('\n'),
      );
      if (failed.length > 0) throw unusable(failed, images.length + failed.length, 'explained');
    });
}

/** @throws OtxError `usage` for two folders */
function outputOf({ output, saveExplanationTo }: Flags): string | undefined {
  if (output === undefined || saveExplanationTo === undefined || output === saveExplanationTo)
    return output ?? saveExplanationTo;
  throw new OtxError(
    'usage',
    `--output ${output} and --save-explanation-to ${saveExplanationTo} mean the same; leave one of them out`,
  );
}

/** Where there is most to look at. */
function leastSure(images: readonly ExplainedImage[]): string {
  const sorted = [...images].sort((a, b) => b.entropy - a.entropy).slice(0, MOST_UNSURE);
  const words = sorted.map(
    ({ input, entropy }) => `${printableLine(basename(input))} ${(100 * entropy).toFixed(1)} %`,
  );
  return `${images.length === 1 ? 'mean entropy' : 'least sure, by mean entropy'}: ${words.join(', ')}`;
}

function parseWeight(text: string): number {
  const weight = Number(text);
  if (text.trim() !== '' && weight >= 0 && weight <= 1) return weight;
  throw new InvalidArgumentError('expected a number from 0 to 1, such as 0.5');
}
