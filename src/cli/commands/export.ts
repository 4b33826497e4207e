/** @file `otx export`. */

import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { exportModel } from '../../index.js';
import { type CommandContext, DEFAULT_OUTPUTS, PARAMS_HINT } from './context.js';

interface Flags {
  loadWeights: string;
  output?: string;
  exportType: string;
  staticBatch?: boolean;
}

export function addExport(program: Command, { terminal, settings, outputFor }: CommandContext): void {
  program
    .command('export')
    .description('write a trained model as an ONNX file')
    .argument('[template]', 'template of the model; may be left out, the weights name it')
    .requiredOption('--load-weights <path>', 'run folder or .safetensors checkpoint')
    .option('-o, --output <folder>', `folder of model.onnx (default: ${DEFAULT_OUTPUTS}/<time>_export)`)
    .option('--export-type <type>', 'format: onnx', 'onnx')
    .option('--static-batch', 'fix the batch size to 1 (default: any batch size)')
    .addHelpText('after', PARAMS_HINT)
    .action(async (template: string | undefined, flags: Flags) => {
      if (flags.exportType.toLowerCase() !== 'onnx') {
        throw new OtxError('usage', `unsupported export type "${flags.exportType}"; onnx is written`);
      }
      const hyperParameters = settings('export');
      const { model, inputShape, classes } = await exportModel({
        template,
        weights: flags.loadWeights,
        output: await outputFor('export', flags.output),
        batch: flags.staticBatch ? 'static' : 'dynamic',
        hyperParameters,
      });
      terminal.print(
        `written ${model}: input [${inputShape.join(', ')}], ${classes.length} classes, ` +
          'labels and normalisation in its metadata',
      );
    });
}
