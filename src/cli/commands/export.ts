/** @file `otx export`. */

import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import {
  EXPORT_TYPES,
  type ExportResult,
  type ExportType,
  exportModel,
  formatExported,
} from '../../index.js';
import { parseInputSize } from '../arguments.js';
import { afterExport } from '../closing.js';
import {
  addMeasureFlags,
  addTrainDataFlag,
  type MeasureFlags,
  measureFlags,
  printBenchmark,
} from './benchmark.js';
import { type CommandContext, DEFAULT_OUTPUTS, LATEST, paramsHint } from './context.js';
import { addFormatFlags, type FormatFlags, formatOptions } from './format-flags.js';

interface Flags extends FormatFlags, MeasureFlags {
  loadWeights?: string;
  output?: string;
  exportType?: string;
  all?: boolean;
  verify: boolean;
  inputSize?: { width: number; height: number };
  trainDataRoots?: string;
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
      'format: onnx, openvino (openvino.xml and openvino.bin), or pytorch (weights.pth) (default: onnx)',
    )
    .option('--all', 'every format, each in a folder of its own, with a table of what they are like')
    .option('--no-verify', 'do not read the file back, run it and compare it with the trained model')
    .option(
      '--input-size <width x height>',
      'size of the input, exactly and in any shape, e.g. 640x320 for 640 wide and 320 high (default: the square on which ' +
        'training validates, 544 for an input_size of 512)',
      parseInputSize,
    );
  addTrainDataFlag(addMeasureFlags(addFormatFlags(command)))
    .addHelpText('after', paramsHint('export', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      const type = typeOf(flags);
      const format = formatOptions(flags);
      const asked = settings('export', flags.useOtxAdapter);
      if (flags.inputSize && asked.inputSize !== undefined) {
        throw new OtxError(
          'usage',
          '--input-size and params --learning_parameters.input_size are both given; choose one of them',
        );
      }
      const weights = await weightsFrom(flags.loadWeights);
      const output = await outputFor('export', flags.output);
      const inputSize = flags.inputSize ?? asked.inputSize;
      const measured = measureFlags(flags);
      if (flags.all) {
        await printBenchmark(context, {
          ...{ template, weights, output, ...measured, ...asked, inputSize },
          trainData: flags.trainDataRoots,
        });
        return;
      }
      const exported = await run((hooks) =>
        exportModel({
          ...{ template, weights, output, type, ...format, ...asked, inputSize },
          ...{ ...measured, verify: flags.verify, ...hooks },
        }),
      );
      const { model, template: name } = exported;
      const line = formatExported(exported, { threads: flags.threads, testData: flags.testDataRoots });
      // Exported files say themselves what they are; weights for PyTorch do not, and those of a network of its own only the run can use.
      const next =
        type === 'pytorch' && name === undefined
          ? afterExport(weights, undefined)
          : afterExport(model, type === 'pytorch' ? name : undefined);
      terminal.print(`written ${model}: ${describe(exported, type)}\n${line}\n\n${next}`);
    });
}

function describe({ inputShape, classes }: ExportResult, type: ExportType): string {
  const network = `input [${inputShape.join(', ')}], ${classes.length} classes`;
  return {
    onnx: `${network}, labels and the form of input and output in its metadata`,
    openvino: `${network}; takes pixels, 0 to 255, and has the labels in its rt_info`,
    pytorch: `weights for ${classes.length} classes, opens with torch.load(…, weights_only=True)`,
  }[type];
}

/** @throws OtxError `usage` for what is no format, and for flags that have no effect on it */
function typeOf(flags: Flags): ExportType {
  const { exportType = 'onnx', all, verify, inputSize, testDataRoots } = flags;
  const type = EXPORT_TYPES.find((known) => known === exportType.toLowerCase());
  if (!type) {
    const known = EXPORT_TYPES.join(', ');
    throw new OtxError(
      'usage',
      `--export-type: unsupported export type "${exportType}"; ${known} are written`,
    );
  }
  if (inputSize && type === 'pytorch') {
    throw new OtxError('usage', `--input-size has no effect on --export-type ${type}; leave it out`);
  }
  if (testDataRoots !== undefined && (type === 'pytorch' || !verify) && !all) {
    const what = type === 'pytorch' ? `--export-type ${type}, which is not read back` : '--no-verify';
    throw new OtxError('usage', `--test-data-roots has no effect on ${what}; leave it out`);
  }
  if (flags.trainDataRoots !== undefined && !all) {
    throw new OtxError(
      'usage',
      '--train-data-roots is for --all, among whose files are those in 8-bit integers; otx optimize writes these alone',
    );
  }
  const isOne = flags.exportType !== undefined || !verify || Object.keys(formatOptions(flags)).length > 0;
  if (all && isOne) {
    throw new OtxError(
      'usage',
      '--all writes every format as it usually is; leave --all out, or the flags of one format',
    );
  }
  return type;
}
