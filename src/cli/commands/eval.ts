/** @file `otx eval`. */

import type { Command } from 'commander';
import { evaluate } from '../../index.js';
import { formatMetrics } from '../../training/metrics.js';
import { type CommandContext, DEFAULT_OUTPUTS, PARAMS_HINT } from './context.js';
import { otxAdapterOption } from './otx-adapter-option.js';

interface Flags {
  testDataRoots: string;
  loadWeights: string;
  output?: string;
  useOtxAdapter?: boolean;
}

export function addEval(program: Command, { terminal, settings, run, outputFor }: CommandContext): void {
  program
    .command('eval')
    .description('score a checkpoint or an exported ONNX file on a data set')
    .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
    .requiredOption('--test-data-roots <folder>', 'data set to score on')
    .requiredOption(
      '--load-weights <path>',
      'run folder, checkpoint, .pth, .pt or .safetensors file from elsewhere, or exported .onnx file',
    )
    .option('-o, --output <folder>', `folder for performance.json (default: ${DEFAULT_OUTPUTS}/<time>_eval)`)
    .addOption(otxAdapterOption())
    .addHelpText('after', PARAMS_HINT)
    .action(async (template: string | undefined, flags: Flags) => {
      const hyperParameters = settings('eval');
      const output = await outputFor('eval', flags.output);
      const { classes, metrics, diceAverage, performanceFile } = await run((hooks) =>
        evaluate({
          template,
          testData: flags.testDataRoots,
          weights: flags.loadWeights,
          output,
          useOtxAdapter: flags.useOtxAdapter,
          hyperParameters,
          ...hooks,
        }),
      );
      const names = classes.map(({ name }) => name);
      terminal.print(
        [
          formatMetrics(metrics, names),
          `mean Dice ${metrics.mDice.toFixed(4)} with background (as during training), ` +
            `${diceAverage.toFixed(4)} without (Dice Average)`,
          `Performance(score: ${diceAverage}, dashboard: (1 metric groups))`,
          `written ${performanceFile}`,
        ].join('\n'),
      );
    });
}
