/** @file `otx benchmark`, which is also `otx export --all`: every form of a model side by side. */

import { relative, sep } from 'node:path';
import type { Command } from 'commander';
import { OtxError, option } from '../../base/errors.js';
import {
  type BenchmarkOptions,
  type BenchmarkResult,
  benchmarkExports,
  describeMeasured,
  type ExportedFile,
  exportTable,
} from '../../index.js';
import { parseInputSize } from '../arguments.js';
import { addSettingFlags, settingsNamed } from '../setting-flags.js';
import { formatTable } from '../table.js';
import { type CommandContext, DEFAULT_OUTPUTS, LATEST, paramsHint } from './context.js';

/** What files are measured on. */
export interface MeasureFlags {
  testDataRoots?: string;
  dataFormat?: string;
  useOtxAdapter?: boolean;
  assume?: string;
  bands?: string;
  threads?: number;
}

interface Flags extends MeasureFlags {
  loadWeights?: string;
  output?: string;
  inputSize?: { width: number; height: number };
  trainDataRoots?: string;
}

export const addTrainDataFlag = (command: Command): Command =>
  command.option(
    '--train-data-roots <folder>',
    'data set it was trained on: files in 8-bit integers join the others, as of otx optimize',
  );

export const addMeasureFlags = (command: Command): Command =>
  addSettingFlags(
    command.option('--test-data-roots <folder>', 'data set on which exported files are scored'),
    settingsNamed('dataFormat', 'useOtxAdapter', 'assume', 'bands', 'threads'),
  );

/** Options of the API that were given. */
export const measureFlags = ({ testDataRoots, dataFormat, assume, bands, threads }: MeasureFlags) => ({
  ...{ testData: testDataRoots, dataFormat, assume, bands, threads },
});

export function addBenchmark(program: Command, context: CommandContext): void {
  const { settings, outputFor, weightsFrom } = context;
  addMeasureFlags(
    addTrainDataFlag(
      program
        .command('benchmark')
        .description('export a model in every format, and compare size, scores and speed of the files')
        .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
        .option(
          '--load-weights <path>',
          `run folder, checkpoint, or .pth, .pt or .safetensors file from elsewhere ${LATEST}`,
        )
        .option(
          '-o, --output <folder>',
          `folder of the files and tables (default: ${DEFAULT_OUTPUTS}/<time>_benchmark)`,
        )
        .option('--input-size <width x height>', 'size of the input, as of otx export', parseInputSize),
    ),
  )
    .addHelpText('after', paramsHint('export', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, flags: Flags) => {
      if (flags.testDataRoots === undefined) {
        throw new OtxError(
          'usage',
          `missing required option ${option('testData')}; "otx export --all" needs no data, and scores nothing`,
        );
      }
      const asked = settings('benchmark', flags.useOtxAdapter);
      const weights = await weightsFrom(flags.loadWeights);
      const output = await outputFor('benchmark', flags.output);
      const inputSize = flags.inputSize ?? asked.inputSize;
      await printBenchmark(context, {
        ...{ template, weights, output, ...measureFlags(flags), ...asked, inputSize },
        trainData: flags.trainDataRoots,
      });
    });
}

/** Runs and tells it. */
export async function printBenchmark(
  { terminal, run }: CommandContext,
  options: BenchmarkOptions & { readonly output: string },
): Promise<BenchmarkResult> {
  const result = await run((hooks) => benchmarkExports({ ...options, ...hooks }));
  const nameOf = ({ model }: ExportedFile) => relative(options.output, model).split(sep).join('/');
  const { head, rows } = exportTable(result.files, nameOf);
  const testData = typeof options.testData === 'string' ? options.testData : undefined;
  terminal.print(
    [
      formatTable(head, rows, terminal.columns),
      describeMeasured(result.files, { threads: options.threads, testData }),
      `written into ${options.output}: the files, and the table as exports.csv, exports.json and exports.md`,
    ].join('\n'),
  );
  return result;
}
