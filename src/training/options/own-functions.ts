/** @file Functions that a program gives a training in place of what the settings name. */

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

/** Their names, in the order in which they are told. */
export const OWN_FUNCTIONS = ['augment', 'lossFunction', 'model'] as const;

/** Names of those that are given. */
export const ownNames = (given: Readonly<Record<string, unknown>>): (typeof OWN_FUNCTIONS)[number][] =>
  OWN_FUNCTIONS.filter((name) => typeof given[name] === 'function');

/** @throws OtxError `usage` for a function that the way of training has no use for. */
export function checkOwnFunctions(
  own: OwnFunctions,
  { algo_backend, learning_parameters }: HyperParameters,
): void {
  const isSelf = algo_backend.train_type === 'Selfsupervised';
  const isContrastive = isSelf || learning_parameters.enable_supcon;
  for (const name of ownNames({ ...own })) {
    if (name === 'lossFunction' ? !isSelf : !isContrastive) continue;
    throw new OtxError(
      'usage',
      `${option(name)}: ${isSelf ? 'self-supervised' : 'contrastive'} training has no use for it; leave it out`,
    );
  }
}

/**
 * Makes sure that a run goes on, or is repeated, with functions where it began with functions, and without where it began without.
 *
 * @param source the run, or its configuration.
 * @throws OtxError `usage` naming the first difference.
 */
export function checkSameFunctions(source: string, before: readonly string[], own: OwnFunctions): void {
  const now: readonly string[] = ownNames({ ...own });
  for (const name of OWN_FUNCTIONS) {
    if (before.includes(name) === now.includes(name)) continue;
    const what = before.includes(name)
      ? `this run began with a function as ${option(name)}; only the program that has it can go on with the run or repeat it`
      : `this run began without a function as ${option(name)}; leave it out`;
    throw new OtxError('usage', `${source}: ${what}`);
  }
}
