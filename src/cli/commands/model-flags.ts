/** @file The flags of what is done with trained models: which ones, and in how many views they see an image. */

import type { Command } from 'commander';
import { type CommandContext, LATEST } from './context.js';

/** What they give. */
export interface ModelFlags {
  loadWeights?: string[];
  tta?: string;
}

/** Adds `--load-weights`, which may be repeated, and `--tta`. */
export function addModelFlags(command: Command): Command {
  return command
    .option(
      '--load-weights <path>',
      'run folder, checkpoint, .pth, .pt or .safetensors file from elsewhere, or exported .onnx or .xml file, or deployed .zip file; given several times: ' +
        `the mean of these models ${LATEST}`,
      (path: string, earlier: string[] = []) => [...earlier, path],
    )
    .option(
      '--tta <views>',
      'test-time augmentation: the mean over views of an image; flip: mirrored too, scales: at 0.75, 1 and 1.25 times the ' +
        'network input, flip,scales: both (default: off)',
    );
}

/** The weights that were named, or those of the latest training. @throws OtxError `usage` for none */
export async function modelsFrom(
  { loadWeights }: ModelFlags,
  { weightsFrom }: Pick<CommandContext, 'weightsFrom'>,
): Promise<string[]> {
  return loadWeights ?? [await weightsFrom(undefined)];
}
