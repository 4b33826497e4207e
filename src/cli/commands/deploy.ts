/** @file `otx deploy`. */

import type { Command } from 'commander';
import { deployModel } from '../../index.js';
import { afterDeploy } from '../closing.js';
import { type CommandContext, DEFAULT_OUTPUTS, LATEST, paramsHint } from './context.js';

interface Flags {
  loadWeights?: string;
  output?: string;
  zip?: boolean;
  parts?: string;
}

export function addDeploy(program: Command, context: CommandContext): void {
  const { terminal, settings, run, outputFor, weightsFrom } = context;
  program
    .command('deploy')
    .description(
      'a folder or zip file with a model and programs for Node, browsers and Python that run without otx',
    )
    .argument('[template]', 'template of the model; needed for weights of PyTorch, others name it')
    .option(
      '--load-weights <path>',
      `run folder, checkpoint, .pth, .pt or .safetensors file from elsewhere, or exported file ${LATEST}`,
    )
    .option('-o, --output <folder>', `folder of the files (default: ${DEFAULT_OUTPUTS}/<time>_deploy)`)
    .option('--zip', 'write one zip file in place of the files that it holds')
    .option(
      '--parts <names>',
      'what lies beside the model: some of node,browser,python,openvino (default: the first three; browser needs the package ' +
        'onnxruntime-web)',
    )
    .addHelpText('after', paramsHint('deploy', 'postprocessing.confidence_threshold 0.5'))
    .action(async (template: string | undefined, { loadWeights, output: given, zip, parts }: Flags) => {
      const asked = settings('deploy');
      const weights = await weightsFrom(loadWeights);
      const output = await outputFor('deploy', given);
      const result = await run((hooks) =>
        deployModel({ template, weights, output, zip, parts, ...asked, ...hooks }),
      );
      const { files, classes } = result;
      terminal.print(
        `written ${result.output}: ${files.length} files, a model for ${classes.length} classes and all that it needs\n\n` +
          afterDeploy(result.output, files),
      );
    });
}
