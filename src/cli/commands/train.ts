/** @file `otx train`. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { train } from '../../index.js';
import { formatMetrics } from '../../training/metrics.js';
import { parseSeed } from '../arguments.js';
import { type CommandContext, DEFAULT_OUTPUTS, PARAMS_HINT } from './context.js';

interface Flags {
  trainDataRoots: string;
  valDataRoots: string;
  output?: string;
  seed?: number;
  loadWeights?: string;
}

export function addTrain(program: Command, { terminal, settings, run, outputFor }: CommandContext): void {
  program
    .command('train')
    .description('train a model')
    .argument('<template>', 'name or id of a template in any case, or a path to its YAML file')
    .requiredOption('--train-data-roots <folder>', 'data set to learn from')
    .requiredOption('--val-data-roots <folder>', 'data set to validate on after each epoch')
    .option('-o, --output <folder>', `folder of the run (default: ${DEFAULT_OUTPUTS}/<time>_train)`)
    .option('--seed <number>', 'seed of everything random (default: 42)', parseSeed)
    .option('--load-weights <path>', 'start from the weights of this checkpoint or run folder')
    .addHelpText('after', PARAMS_HINT)
    .action(async (template: string, flags: Flags) => {
      const hyperParameters = settings('train');
      const output = await outputFor('train', flags.output);
      const { classes, metrics, bestEpoch, weights } = await run((hooks) =>
        train({
          template,
          trainData: flags.trainDataRoots,
          validationData: flags.valDataRoots,
          output,
          seed: flags.seed,
          loadWeights: flags.loadWeights,
          hyperParameters,
          ...hooks,
        }),
      );
      const names = classes.map(({ name }) => name);
      terminal.print(
        [
          `\nbest epoch ${bestEpoch}:`,
          formatMetrics(metrics, names),
          `\nPerformance(score: ${metrics.mDice}, dashboard: (1 metric groups))`,
          `weights ${weights}`,
          `next: otx export --load-weights ${weights} -o ${join(output, 'export')}`,
        ].join('\n'),
      );
    });
}
