/** @file Formats that can be written. */

import type { ExportFormat } from './format.js';
import { onnxFormat } from './onnx.js';
import { openvinoFormat } from './openvino.js';
import { pytorchFormat } from './pytorch.js';

export type { ExportFormat, FileBytes, FormatOptions } from './format.js';

const FORMATS = [onnxFormat, openvinoFormat, pytorchFormat] as const satisfies readonly ExportFormat[];

/** A format that can be written. */
export type ExportType = (typeof FORMATS)[number]['name'];

/** All of them, the default first. */
export const exportFormats: readonly (ExportFormat & { readonly name: ExportType })[] = FORMATS;

/** Formats that can be written. */
export const EXPORT_TYPES: readonly ExportType[] = FORMATS.map(({ name }) => name);

export const formatOf = (name: ExportType): ExportFormat =>
  exportFormats.find((format) => format.name === name) as ExportFormat;
