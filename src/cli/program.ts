/** @file The commands of `otx`: each turns flags into one call of the public API and prints what comes back. */

import { join, relative } from 'node:path';
import { Command } from 'commander';
import { OtxError } from '../base/errors.js';
import { version } from '../base/version.js';
import { exportModel } from '../export/export-model.js';
import { createSegmentor, describe } from '../models/index.js';
import { type HyperParameterOverrides, listTemplates, loadTemplate } from '../templates/index.js';
import { evaluate } from '../training/evaluate.js';
import { formatMetrics } from '../training/metrics.js';
import { predict } from '../training/predict.js';
import { timestampedFolder } from '../training/run-folder.js';
import { train } from '../training/train.js';
import { onlyParams, paramsHelp, parseParams, parseSeed, splitParams, wantsHelp } from './arguments.js';
import { progressPrinter } from './progress.js';
import { formatTable } from './table.js';
import type { Terminal } from './terminal.js';

/** Runs of any kind go here unless `-o` says otherwise. */
const DEFAULT_OUTPUTS = join('otx-workspace', 'outputs');

const INPUT_SIZE = 'learning_parameters.input_size';
const NUM_WORKERS = 'learning_parameters.num_workers';

/** Settings that have an effect on a trained model; training takes all. */
const PARAMS_OF: Readonly<Record<string, readonly string[]>> = {
  eval: [INPUT_SIZE, NUM_WORKERS],
  predict: [INPUT_SIZE],
  export: [INPUT_SIZE],
};

/** Whose settings "params --help" lists when no template is named; all have the same. */
const DEFAULT_TEMPLATE = 'Lite-HRNet-18-mod2';

const PARAMS_HINT =
  '\nSettings follow the word params: params --learning_parameters.num_iters 30; "params --help" lists them.';

/**
 * Runs one command line.
 *
 * @param argv words behind `otx`.
 * @throws OtxError, and CommanderError for help, version and usage mistakes.
 */
export async function runCommand(
  argv: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { command, params } = splitParams(argv);
  const [operation, ...words] = command;
  if (operation === undefined) {
    throw new OtxError(
      'usage',
      'no operation given; use one of find, train, eval, predict, export, or --help',
    );
  }
  if (params && wantsHelp(params)) {
    const template = words[0]?.startsWith('-') === false ? words[0] : DEFAULT_TEMPLATE;
    terminal.print(paramsHelp(loadTemplate(template), PARAMS_OF[operation]));
    return;
  }
  const program = createProgram(params, terminal, signal);
  await program.parseAsync(command, { from: 'user' });
}

function createProgram(params: string[] | undefined, terminal: Terminal, signal: AbortSignal): Command {
  const program = new Command('otx')
    .description('Train, evaluate and ship semantic segmentation models.')
    .version(version)
    .exitOverride()
    // Errors are printed once, in one form, by main.ts.
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError(true);

  /** Settings as typed; the template checks them. */
  const settings = (operation: string): HyperParameterOverrides => {
    const texts = parseParams(params ?? []);
    const used = PARAMS_OF[operation];
    return (used ? onlyParams(texts, used, operation) : texts) as HyperParameterOverrides;
  };

  /** Runs a job with its progress on the terminal. */
  const run = async <T>(
    job: (job: { onEvent: ReturnType<typeof progressPrinter>['onEvent']; signal: AbortSignal }) => Promise<T>,
  ): Promise<T> => {
    const { onEvent, close } = progressPrinter(terminal);
    try {
      return await job({ onEvent, signal });
    } finally {
      close();
    }
  };

  program
    .command('find')
    .description('list the templates')
    .option('--task <task>', 'only templates of this task (SEGMENTATION)')
    .option('--template', 'show templates (they are always shown)')
    .option('-v, --verbose', 'show also parameters and multiply-accumulates at 512x512 with two classes')
    .action((options: { task?: string; verbose?: boolean }) => {
      if (params) throw new OtxError('usage', 'otx find takes no params');
      terminal.print(findTable(options.task, options.verbose === true));
    });

  program
    .command('train')
    .description('train a model')
    .argument('<template>', 'name or id of a template in any case, or a path to its YAML file')
    .requiredOption('--train-data-roots <folder>', 'data set to learn from')
    .requiredOption('--val-data-roots <folder>', 'data set to validate on after each epoch')
    .option('-o, --output <folder>', `folder of the run (default: ${DEFAULT_OUTPUTS}/<time>_train)`)
    .option('--seed <number>', 'seed of everything random', parseSeed)
    .option('--load-weights <path>', 'start from the weights of this checkpoint')
    .addHelpText('after', PARAMS_HINT)
    .action(async (name: string, options: TrainFlags) => {
      const hyperParameters = settings('train');
      const output = options.output ?? (await timestampedFolder(DEFAULT_OUTPUTS, 'train'));
      const result = await run((job) =>
        train({
          template: name,
          trainData: options.trainDataRoots,
          validationData: options.valDataRoots,
          output,
          seed: options.seed,
          loadWeights: options.loadWeights,
          hyperParameters,
          ...job,
        }),
      );
      const names = result.classes.map((info) => info.name);
      terminal.print(
        [
          `\nbest epoch ${result.bestEpoch}:`,
          formatMetrics(result.metrics, names),
          `\nPerformance(score: ${result.metrics.mDice}, dashboard: (1 metric groups))`,
          `weights ${result.weights}`,
          `next: otx export --load-weights ${result.weights} -o ${join(output, 'export')}`,
        ].join('\n'),
      );
    });

  program
    .command('eval')
    .description('score a checkpoint or an exported ONNX file on a data set')
    .argument('[template]', 'template of the model; may be left out, the weights name it')
    .requiredOption('--test-data-roots <folder>', 'data set to score on')
    .requiredOption('--load-weights <path>', 'run folder, .safetensors checkpoint or exported .onnx file')
    .option('-o, --output <folder>', `folder for performance.json (default: ${DEFAULT_OUTPUTS}/<time>_eval)`)
    .addHelpText('after', PARAMS_HINT)
    .action(async (name: string | undefined, options: EvalFlags) => {
      const hyperParameters = settings('eval');
      const output = options.output ?? (await timestampedFolder(DEFAULT_OUTPUTS, 'eval'));
      const result = await run((job) =>
        evaluate({
          template: name,
          testData: options.testDataRoots,
          weights: options.loadWeights,
          output,
          hyperParameters,
          ...job,
        }),
      );
      const names = result.classes.map((info) => info.name);
      terminal.print(
        [
          formatMetrics(result.metrics, names),
          `mean Dice ${result.metrics.mDice.toFixed(4)} with background (as during training), ` +
            `${result.diceAverage.toFixed(4)} without (Dice Average)`,
          `Performance(score: ${result.diceAverage}, dashboard: (1 metric groups))`,
          `written ${result.performanceFile}`,
        ].join('\n'),
      );
    });

  program
    .command('predict')
    .description('segment images: coloured overlays to look at, index masks to work with')
    .argument('[template]', 'template of the model; may be left out, the weights name it')
    .requiredOption('--input <path>', 'an image or a folder of images')
    .requiredOption('--load-weights <path>', 'run folder, .safetensors checkpoint or exported .onnx file')
    .requiredOption('-o, --output <folder>', 'folder for overlays/ and masks/')
    .addHelpText('after', PARAMS_HINT)
    .action(async (name: string | undefined, options: PredictFlags) => {
      const hyperParameters = settings('predict');
      const { images } = await run((job) =>
        predict({
          template: name,
          input: options.input,
          weights: options.loadWeights,
          output: options.output,
          hyperParameters,
          ...job,
        }),
      );
      terminal.print(
        `${images.length} ${images.length === 1 ? 'image' : 'images'} segmented; overlays in ` +
          `${join(options.output, 'overlays')}, index masks in ${join(options.output, 'masks')}`,
      );
    });

  program
    .command('export')
    .description('write a trained model as an ONNX file')
    .argument('[template]', 'template of the model; may be left out, the weights name it')
    .requiredOption('--load-weights <path>', 'run folder or .safetensors checkpoint')
    .option('-o, --output <folder>', `folder of model.onnx (default: ${DEFAULT_OUTPUTS}/<time>_export)`)
    .option('--export-type <type>', 'format: onnx', 'onnx')
    .option('--static-batch', 'fix the batch size to 1 (default: any batch size)')
    .addHelpText('after', PARAMS_HINT)
    .action(async (name: string | undefined, options: ExportFlags) => {
      if (options.exportType !== 'onnx') {
        throw new OtxError('usage', `unsupported export type "${options.exportType}"; onnx is written`);
      }
      const hyperParameters = settings('export');
      const output = options.output ?? (await timestampedFolder(DEFAULT_OUTPUTS, 'export'));
      const result = await run((job) =>
        exportModel({
          template: name,
          weights: options.loadWeights,
          output,
          batch: options.staticBatch ? 'static' : 'dynamic',
          hyperParameters,
          ...job,
        }),
      );
      const [batch, ...rest] = result.inputShape;
      terminal.print(
        `written ${result.model}: input [${[batch ?? 'N', ...rest].join(', ')}], ${result.classes.length} classes, ` +
          `labels and normalisation in its metadata`,
      );
    });

  return program;
}

interface TrainFlags {
  trainDataRoots: string;
  valDataRoots: string;
  output?: string;
  seed?: number;
  loadWeights?: string;
}

interface EvalFlags {
  testDataRoots: string;
  loadWeights: string;
  output?: string;
}

interface PredictFlags {
  input: string;
  loadWeights: string;
  output: string;
}

interface ExportFlags {
  loadWeights: string;
  output?: string;
  exportType: string;
  staticBatch?: boolean;
}

function findTable(task: string | undefined, verbose: boolean): string {
  const templates = listTemplates();
  const tasks = [...new Set(templates.map((template) => template.task))];
  if (task !== undefined && !tasks.some((known) => known === task.toUpperCase())) {
    throw new OtxError('usage', `no templates for task "${task}"; there are some for ${tasks.join(', ')}`);
  }
  const head = ['TASK', 'ID', 'NAME', 'BASE PATH', ...(verbose ? ['PARAMETERS', 'MACS AT 512x512'] : [])];
  const rows = templates.map(({ id, name, task: ofTask, path, model }) => [
    ofTask,
    id,
    name,
    relative(process.cwd(), path),
    ...(verbose ? modelSize(model) : []),
  ]);
  return formatTable(head, rows);
}

function modelSize(model: string): string[] {
  const { parameters, macs } = describe(createSegmentor(model, { numClasses: 2 }), [1, 3, 512, 512]);
  return [parameters.toLocaleString('en'), `${(macs / 1e9).toFixed(3)} G`];
}
