/** @file Formats that can be written. */

import { OPSETS } from '../../graph/onnx/serialize.js';
import type { ExportFormat, FormatOptions } from './format.js';
import { onnxFormat } from './onnx.js';
import { openvinoFormat } from './openvino.js';
import { pytorchFormat } from './pytorch.js';

export {
  type ExportFormat,
  type FileBytes,
  type FormatOptions,
  PRECISIONS,
  type Precision,
} from './format.js';

const FORMATS = [onnxFormat, openvinoFormat, pytorchFormat] as const satisfies readonly ExportFormat[];

/** A format that can be written. */
export type ExportType = (typeof FORMATS)[number]['name'];

/** All of them, the default first. */
export const exportFormats: readonly (ExportFormat & { readonly name: ExportType })[] = FORMATS;

/** Formats that can be written. */
export const EXPORT_TYPES: readonly ExportType[] = FORMATS.map(({ name }) => name);

export const formatOf = (name: ExportType): ExportFormat =>
  exportFormats.find((format) => format.name === name) as ExportFormat;

/** How a format is written where nothing else is asked for. */
export const usualOptions = ({ defaultBatch, precisions }: ExportFormat): FormatOptions => ({
  ...{ batch: defaultBatch, opset: OPSETS.newest, precision: precisions[0]!, normalisation: 'outside' },
  ...{ layout: 'nchw', channels: 'rgb', outputForm: 'probabilities', dumpFeatures: false },
});

/** Names of the options. */
export const FORMAT_OPTIONS = Object.keys(usualOptions(onnxFormat)) as (keyof FormatOptions)[];
