/** @file What only a program can give a training: functions in place of what settings name, and images in memory. */

import { OtxError, option } from '../../base/errors.js';
import type { OwnAugmentation } from '../../data/index.js';
import type { SegmentationLoss } from '../../losses/index.js';
import type { CreateModel } from '../../models/index.js';
import type { HyperParameters } from '../../settings/index.js';

/** What a program may bring along. */
export interface OwnFunctions {
  /**
   * What is done to labeled images, in place of the setting `augmentation`. It runs in the calling thread. Self-supervised and
   * contrastive training take none.
   */
  readonly augment?: OwnAugmentation | undefined;
  /** How wrong logits are, in place of the setting `loss`. Self-supervised training takes none. */
  readonly lossFunction?: SegmentationLoss | undefined;
  /**
   * The network, in place of the template's, whose settings stay. Whoever opens the weights has to give it again; an exported file
   * needs it no more. Self-supervised and contrastive training take none.
   */
  readonly model?: CreateModel | undefined;
}

/** Options whose values only a program can give, in the order in which they are told. */
export const FROM_PROGRAM = ['augment', 'lossFunction', 'model', 'trainData', 'validationData'] as const;
type FromProgram = (typeof FROM_PROGRAM)[number];

/** Names of those that are given as what no file can hold: functions, and data in memory. */
export const fromProgram = (given: Readonly<Record<string, unknown>>): FromProgram[] =>
  FROM_PROGRAM.filter((name) => typeof given[name] === 'function' || typeof given[name] === 'object');

/** @throws OtxError `usage` for a function that the way of training has no use for. */
export function checkOwnFunctions(
  own: OwnFunctions,
  { algo_backend, learning_parameters }: HyperParameters,
): void {
  const isSelf = algo_backend.train_type === 'Selfsupervised';
  const isContrastive = isSelf || learning_parameters.enable_supcon;
  for (const name of fromProgram({
    augment: own.augment,
    lossFunction: own.lossFunction,
    model: own.model,
  })) {
    if (name === 'lossFunction' ? !isSelf : !isContrastive) continue;
    throw new OtxError(
      'usage',
      `${option(name)}: ${isSelf ? 'self-supervised' : 'contrastive'} training has no use for it; leave it out`,
    );
  }
}

/**
 * Makes sure that a run goes on, or is repeated, with what only a program can give where it began with it, and without it where it
 * began without.
 *
 * @param source the run, or its configuration.
 * @throws OtxError `usage` naming the first difference.
 */
export function checkSameProgram(
  source: string,
  before: readonly string[],
  given: Readonly<Record<string, unknown>>,
): void {
  const now: readonly string[] = fromProgram(given);
  for (const name of FROM_PROGRAM) {
    if (before.includes(name) === now.includes(name)) continue;
    const what = name.endsWith('Data') ? 'images in memory' : 'a function';
    throw new OtxError(
      'usage',
      before.includes(name)
        ? `${source}: this run began with ${what} as ${option(name)}; only the program that has it can go on with the run or ` +
            'repeat it'
        : `${source}: this run began without ${what} as ${option(name)}; leave it out`,
    );
  }
}
