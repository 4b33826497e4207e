/** @file `otx predict`. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { predict } from '../../index.js';
import { type CommandContext, PARAMS_HINT } from './context.js';

interface Flags {
  input: string;
  loadWeights: string;
  output: string;
}

export function addPredict(program: Command, { terminal, settings, run }: CommandContext): void {
  program
    .command('predict')
    .description('segment images: coloured overlays to look at, index masks to work with')
    .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
    .requiredOption('--input <path>', 'an image or a folder of images')
    .requiredOption(
      '--load-weights <path>',
      'run folder, checkpoint, .pth, .pt or .safetensors file from elsewhere, or exported .onnx file',
    )
    .requiredOption('-o, --output <folder>', 'folder for overlays/ and masks/')
    .addHelpText('after', PARAMS_HINT)
    .action(async (template: string | undefined, flags: Flags) => {
      const hyperParameters = settings('predict');
      const { input, output, loadWeights: weights } = flags;
      const { images } = await run((hooks) =>
        predict({ template, input, weights, output, hyperParameters, ...hooks }),
      );
      const count = `${images.length} ${images.length === 1 ? 'image' : 'images'}`;
      terminal.print(
        `${count} segmented; overlays in ${join(output, 'overlays')}, index masks in ${join(output, 'masks')}`,
      );
    });
}
