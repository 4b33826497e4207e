/** @file `--model` of `otx train`, and what is said of the network in that file. */
import { type Command, Option } from 'commander';
import { OtxError } from '../../base/errors.js';
import { type ImportNetworkOptions, openNetwork, type TrainOptions } from '../../index.js';

/** As commander gives them. */
export interface NetworkFlags {
  readonly model?: string;
  readonly modelOutput?: string;
  readonly modelNormalisation?: ImportNetworkOptions['normalization'] | 'imagenet';
}

type Colours = [number, number, number];
const all = (value: number): Colours => [value, value, value];
/** What networks expect of pixels, by the names of their ranges. */
const NAMED: Readonly<Record<string, { readonly mean: Colours; readonly deviation: Colours }>> = {
  '0..1': { mean: all(0), deviation: all(255) },
  '-1..1': { mean: all(127.5), deviation: all(127.5) },
  '0..255': { mean: all(0), deviation: all(1) },
};

/** Adds `--model` and what goes with it. */
export function addNetworkFlags(command: Command): Command {
  return command
    .option(
      '--model <file>',
      "network to train in place of the template's: an .onnx file of a segmentation network that another tool exported",
    )
    .option(
      '--model-output <name>',
      'output of that file with a map for each class (default: its first output)',
    )
    .addOption(
      new Option(
        '--model-normalisation <range>',
        `what that network expects of pixels: imagenet, ${Object.keys(NAMED).join(', ')}, or three means and three deviations of ` +
          'red, green and blue from 0 to 255, such as 124,116,104/58,57,57 (default: imagenet)',
      ).argParser(normalisationOf),
    );
}

function normalisationOf(text: string): NetworkFlags['modelNormalisation'] {
  if (text === 'imagenet') return text;
  const named = NAMED[text];
  if (named) return named;
  const [mean, deviation, ...more] = text.split('/').map((list) => list.split(',').map(numberIn));
  const isUsable = (list: readonly number[] | undefined) => list?.length === 3 && list.every(Number.isFinite);
  if (isUsable(mean) && isUsable(deviation) && more.length === 0 && deviation!.every((value) => value > 0)) {
    return { mean: mean!, deviation: deviation! };
  }
  throw new OtxError(
    'usage',
    `--model-normalisation is ${text}; expected imagenet, ${Object.keys(NAMED).join(', ')}, or means and deviations such as ` +
      '124,116,104/58,57,57',
  );
}

const numberIn = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

/** The network behind `--model`; undefined without it. @throws OtxError `usage`, `checkpoint`, `graph` */
export async function networkOf(flags: NetworkFlags): Promise<TrainOptions['model']> {
  const { model, modelOutput: output, modelNormalisation: normalization } = flags;
  if (model !== undefined) {
    return openNetwork(model, { output, ...(normalization !== 'imagenet' && { normalization }) });
  }
  if (output === undefined && normalization === undefined) return undefined;
  throw new OtxError(
    'usage',
    `${output === undefined ? '--model-normalisation' : '--model-output'} is about the file of --model, which is missing`,
  );
}
