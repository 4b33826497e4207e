/** @file `otx export`. */

import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { EXPORT_TYPES } from '../../export/export-model.js';
import { exportModel } from '../../index.js';
import { type CommandContext, DEFAULT_OUTPUTS, PARAMS_HINT } from './context.js';

interface Flags {
  loadWeights: string;
  output?: string;
  exportType: string;
  staticBatch?: boolean;
}

export function addExport(program: Command, { terminal, settings, run, outputFor }: CommandContext): void {
  program
    .command('export')
    .description('write a trained model as an ONNX file, or its weights for PyTorch')
    .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
    .requiredOption(
      '--load-weights <path>',
      'run folder, checkpoint, or .pth, .pt or .safetensors file from elsewhere',
    )
    .option(
      '-o, --output <folder>',
      `folder of model.onnx or weights.pth (default: ${DEFAULT_OUTPUTS}/<time>_export)`,
    )
    .option('--export-type <type>', 'format: onnx, or pytorch (weights.pth)', 'onnx')
    .option('--static-batch', 'fix the batch size to 1 (default: any batch size)')
    .addHelpText('after', PARAMS_HINT)
    .action(async (template: string | undefined, flags: Flags) => {
      const type = EXPORT_TYPES.find((known) => known === flags.exportType.toLowerCase());
      if (!type) {
        const known = EXPORT_TYPES.join(' and ');
        throw new OtxError('usage', `unsupported export type "${flags.exportType}"; ${known} are written`);
      }
      if (type !== 'onnx' && flags.staticBatch) {
        throw new OtxError('usage', `--static-batch has no effect on --export-type ${type}; leave it out`);
      }
      const hyperParameters = settings('export');
      const output = await outputFor('export', flags.output);
      const { model, inputShape, classes } = await run(({ onEvent }) =>
        exportModel({
          template,
          weights: flags.loadWeights,
          output,
          type,
          batch: flags.staticBatch ? 'static' : 'dynamic',
          hyperParameters,
          onEvent,
        }),
      );
      terminal.print(
        type === 'onnx'
          ? `written ${model}: input [${inputShape.join(', ')}], ${classes.length} classes, ` +
              'labels and normalisation in its metadata'
          : `written ${model}: weights for ${classes.length} classes, opens with torch.load(…, weights_only=True)`,
      );
    });
}
