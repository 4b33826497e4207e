/** @file All that a model can be exported as, side by side: written, read back, measured, and told in a table. */

import { join } from 'node:path';
import { checkOptions } from '../../base/check-options.js';
import { OtxError, option } from '../../base/errors.js';
import { Outputs } from '../../base/outputs/outputs.js';
import type { ClassInfo, DataSource, Size } from '../../data/index.js';
import { namesUsedBy } from '../../inference/model-settings.js';
import { MODEL_KINDS, type TrainedModelOptions } from '../../inference/trained-model.js';
import type { JobEvent } from '../../runs/events.js';
import { joinInputs, weightsInputs } from '../../runs/inputs.js';
import { checkInputSize, loadSized } from '../export-size.js';
import { exportFormats, type Precision, usualOptions } from '../formats/index.js';
import { optimizeOn } from '../quantization/optimize-model.js';
import { filesOf, writeFormat } from '../write-format.js';
import { createReference } from './measure-file.js';
import { MEASURE_KINDS, type MeasuredOptions, measureOptions } from './measured-options.js';
import { csvOf, type ExportedFile, jsonOf, markdownOf } from './table.js';
import { TABLE_FILE } from './table-file.js';

/** Which model, where its files go, and on what they are measured. */
export interface BenchmarkOptions extends Omit<TrainedModelOptions, 'inputSize'>, MeasuredOptions {
  /** Folder with a folder for each format, and the tables; those of an earlier run are replaced, others not. */
  readonly output: string;
  /** As of {@link exportModel}; weights for PyTorch have none. */
  readonly inputSize?: Size | string | undefined;
  /**
   * Root of the data that it was trained on. With it the files of {@link optimizeModel} join the others, quantised by some of these images, with as
   * few layers in floats as the test data asks for. Needs `testData`.
   */
  readonly trainData?: DataSource | undefined;
}

/** What was written and measured. */
export interface BenchmarkResult {
  /** In the order of the table. */
  readonly files: readonly ExportedFile[];
  /** Of the model, background first. */
  readonly classes: readonly ClassInfo[];
  /** The table as CSV, JSON and Markdown. */
  readonly tables: { readonly csv: string; readonly json: string; readonly markdown: string };
}

const TABLES = { csv: 'exports.csv', json: TABLE_FILE, markdown: 'exports.md' } as const;

/** Of the quantised files. */
const QUANTISED = 'int8';

/** The usual precision of a format needs no name. */
const folderOf = (name: string, precision: Precision, usual: Precision): string =>
  precision === usual ? name : `${name}-${precision}`;

/**
 * Exports a model in every format and precision that there is, reads each file back, and compares it with the trained model: size, mean
 * Dice, equal pixels, time.
 *
 * @throws OtxError `checkpoint`, `dataset`, `usage`, `output`, or `aborted` when the signal fired.
 */
export async function benchmarkExports(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const kinds = { ...MODEL_KINDS, ...MEASURE_KINDS, output: 'path', trainData: 'data?' } as const;
  checkOptions('benchmarkExports()', options, kinds, namesUsedBy('export'));
  if (options.trainData !== undefined && options.testData === undefined) {
    throw new OtxError(
      'usage',
      `${option('trainData')} needs ${option('testData')}, on which a quantised file is chosen`,
    );
  }
  const { output, testData, threads, onEvent, signal } = options;
  if (typeof options.inputSize === 'object') checkInputSize(options.inputSize);
  const variants = exportFormats.flatMap((format) =>
    format.precisions.map((precision) => ({
      ...{ format, precision },
      folder: folderOf(format.name, precision, format.precisions[0]!),
    })),
  );
  const files = [
    ...variants.flatMap(({ format, folder }) => filesOf(format, folder)),
    ...Object.values(TABLES),
  ];
  const weights = weightsInputs(options.weights);
  const inputs =
    typeof testData === 'string'
      ? joinInputs({ folders: [{ path: testData, what: 'the test data' }] }, weights)
      : weights;
  const outputs = await Outputs.open({ root: output, files, inputs });
  try {
    const trained = await loadSized(options);
    const reference = await createReference(trained, options.weights, measureOptions(options));
    const found: ExportedFile[] = [];
    for (const { format, precision, folder } of variants) {
      const how = { ...usualOptions(format), precision };
      const bytes = await writeFormat(outputs, format, trained, how, { folder, threads, signal });
      const model = join(output, folder, format.files[0]);
      const measured = format.readable ? await reference.measure(model) : undefined;
      found.push({ format: format.name, precision, model, bytes, measured });
    }
    for (const file of await quantisedFiles(options)) {
      found.push({ ...file, measured: await reference.measure(file.model) });
    }
    const nameOf = ({ model }: ExportedFile) => model.slice(join(output, '/').length).replaceAll('\\', '/');
    const on = { threads, testData: typeof testData === 'string' ? testData : undefined };
    await outputs.write(TABLES.csv, Buffer.from(csvOf(found, nameOf)));
    await outputs.write(TABLES.json, Buffer.from(jsonOf(found, nameOf, on)));
    await outputs.write(TABLES.markdown, Buffer.from(markdownOf(found, nameOf, on)));
    onEvent?.({ type: 'output', folder: output });
    const at = (file: string) => join(output, file);
    const tables = { csv: at(TABLES.csv), json: at(TABLES.json), markdown: at(TABLES.markdown) };
    return { files: found, classes: trained.classes, tables };
  } finally {
    await outputs.close();
  }
}

/** Where there is data for them. */
async function quantisedFiles(options: BenchmarkOptions): Promise<readonly Omit<ExportedFile, 'measured'>[]> {
  const { testData, trainData, output, onEvent, ...model } = options;
  if (testData === undefined || trainData === undefined) return [];
  const given = {
    ...{ ...model, trainData, validationData: testData, output: join(output, QUANTISED) },
    // Its folder is a part of another.
    onEvent: (event: JobEvent) => (event.type === 'output' ? undefined : onEvent?.(event)),
  };
  const { model: file, openvino, bytes } = await optimizeOn('test', given);
  const precision = 'int8';
  return [
    { format: 'onnx', precision, model: file, bytes: bytes.optimized },
    ...(openvino ? [{ format: 'openvino', precision, model: openvino, bytes: bytes.openvino } as const] : []),
  ];
}
