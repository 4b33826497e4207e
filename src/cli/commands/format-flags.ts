/** @file Flags that say how an exported file is made, whatever its format. */

import type { Command } from 'commander';
import { OtxError } from '../../base/errors.js';
import { quoted } from '../../base/text.js';
import type { FormatOptions, Precision } from '../../index.js';

export interface FormatFlags {
  staticBatch?: boolean;
  dynamicBatch?: boolean;
  opset?: number;
  precision?: Precision;
  halfPrecision?: boolean;
  normalisation?: FormatOptions['normalisation'];
  layout?: FormatOptions['layout'];
  channels?: FormatOptions['channels'];
  outputForm?: FormatOptions['outputForm'];
  dumpFeatures?: boolean;
}

export function addFormatFlags(command: Command): Command {
  return command
    .option('--static-batch', 'fix the batch size to 1 (default for openvino)')
    .option('--dynamic-batch', 'leave the batch size open (default for onnx)')
    .option('--opset <version>', 'version of the operators of ONNX, 11 to 20 (default: 20)', parseOpset)
    .option(
      '--precision <name>',
      'how weights are stored: fp32, fp16 (half the size and more), int8-weights (less than a third); computed is in 32 bits',
    )
    .option('--half-precision', 'the same as --precision fp16')
    .option('--normalisation <where>', 'inside: the input is pixels, 0 to 255 (default: outside)')
    .option('--layout <order>', 'axes of the input: nchw or nhwc (default: nchw)')
    .option('--channels <order>', 'colours of the input: rgb or bgr (default: rgb)')
    .option(
      '--output-form <name>',
      'probabilities, or labels: the best class of each pixel (default: probabilities)',
    )
    .option('--dump-features', 'an output feature_vector besides: the means of all maps of the backbone');
}

function parseOpset(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new OtxError(
    'usage',
    `--opset: ${quoted(text)} is no version; expected a whole number from 11 to 20`,
  );
}

/** Options of the format that were given. */
export function formatOptions(flags: FormatFlags): Partial<FormatOptions> {
  const { halfPrecision, precision, opset, normalisation, layout, channels, outputForm, dumpFeatures } =
    flags;
  if (halfPrecision && precision !== undefined && precision !== 'fp16') {
    throw new OtxError(
      'usage',
      `--half-precision and --precision ${precision} are both given; choose one of them`,
    );
  }
  if (flags.staticBatch && flags.dynamicBatch) {
    throw new OtxError('usage', '--static-batch and --dynamic-batch are both given; choose one of them');
  }
  const given = {
    batch: flags.staticBatch ? 'static' : flags.dynamicBatch ? 'dynamic' : undefined,
    precision: halfPrecision ? 'fp16' : precision,
    ...{ opset, normalisation, layout, channels, outputForm, dumpFeatures },
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
