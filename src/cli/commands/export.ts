/** @file `otx export`. */

import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { EXPORT_TYPES, exportModel } from '../../index.js';
import { parseInputSize } from '../arguments.js';
import { afterExport } from '../closing.js';
import { type CommandContext, DEFAULT_OUTPUTS, LATEST, paramsHint } from './context.js';
import { addFormatFlags, type FormatFlags, formatOptions } from './format-flags.js';

interface Flags extends FormatFlags {
  loadWeights?: string;
  output?: string;
  exportType: string;
  inputSize?: { width: number; height: number };
}

export function addExport(program: Command, context: CommandContext): void {
  const { terminal, settings, run, outputFor, weightsFrom } = context;
  const command = program
    .command('export')
    .description('write a trained model as an ONNX file, for OpenVINO, or its weights for PyTorch')
    .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
    .option(
      '--load-weights <path>',
      `run folder, checkpoint, or .pth, .pt or .safetensors file from elsewhere ${LATEST}`,
    )
    .option(
      '-o, --output <folder>',
      `folder of model.onnx, openvino.xml or weights.pth (default: ${DEFAULT_OUTPUTS}/<time>_export)`,
    )
    .option(
      '--export-type <type>',
      'format: onnx, openvino (openvino.xml and openvino.bin), or pytorch (weights.pth)',
      'onnx',
    )
    .option(
      '--input-size <width x height>',
      'size of the input, exactly and in any shape, e.g. 640x320 for 640 wide and 320 high (default: the square on which ' +
        'training validates, 544 for an input_size of 512)',
      parseInputSize,
    );
  addFormatFlags(command)
    .addHelpText('after', paramsHint('export', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const type = EXPORT_TYPES.find((known) => known === flags.exportType.toLowerCase());
      if (!type) {
        const known = EXPORT_TYPES.join(', ');
        throw new OtxError(
          'usage',
          `--export-type: unsupported export type "${flags.exportType}"; ${known} are written`,
        );
      }
      if (flags.inputSize && type === 'pytorch') {
        throw new OtxError('usage', `--input-size has no effect on --export-type ${type}; leave it out`);
      }
      const asked = settings('export');
      if (flags.inputSize && asked.inputSize !== undefined) {
        throw new OtxError(
          'usage',
          '--input-size and params --learning_parameters.input_size are both given; choose one of them',
        );
      }
      const weights = await weightsFrom(flags.loadWeights);
      const output = await outputFor('export', flags.output);
      const {
        model,
        template: name,
        inputShape,
        classes,
      } = await run((hooks) =>
        exportModel({
          template,
          weights,
          output,
          type,
          ...formatOptions(flags),
          ...asked,
          inputSize: flags.inputSize ?? asked.inputSize,
          ...hooks,
        }),
      );
      const network = `input [${inputShape.join(', ')}], ${classes.length} classes`;
      const written = {
        onnx: `${network}, labels and the form of input and output in its metadata`,
        openvino: `${network}; takes pixels, 0 to 255, and has the labels in its rt_info`,
        pytorch: `weights for ${classes.length} classes, opens with torch.load(…, weights_only=True)`,
      }[type];
      // Exported files say themselves what they are; weights for PyTorch do not.
      terminal.print(
        `written ${model}: ${written}\n\n${afterExport(model, type === 'pytorch' ? name : undefined)}`,
      );
    });
}
