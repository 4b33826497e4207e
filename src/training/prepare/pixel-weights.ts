/** @file What the counted pixels of the classes mean for a training: how much each counts, and which classes are rare. */

import { OtxError, option } from '../../base/errors.js';
import type { DatasetReport } from '../../data/index.js';
import { classWeights, describeWeights } from '../../losses/index.js';
import type { HyperParameters } from '../../settings/index.js';
import type { OwnFunctions } from '../options/from-program.js';
import type { MethodChoice } from './choose-method.js';

/** What is known of the pixels of the classes. */
export type PixelWeights = Pick<MethodChoice, 'shares' | 'weights'>;

/**
 * @param report what was found in the images to learn from; undefined where they have no labels.
 * @param notice is told of weights.
 * @throws OtxError `usage` for weights of classes that there are not, and beside a loss of one's own.
 */
export function pixelWeights(
  report: DatasetReport | undefined,
  { learning_parameters: { class_weights: setting } }: HyperParameters,
  { lossFunction }: OwnFunctions,
  notice: (message: string) => void,
): PixelWeights {
  if (!report) return {};
  if (setting !== 'none' && lossFunction) {
    throw new OtxError(
      'usage',
      `${option('classWeights')}: a loss of one's own weighs classes itself; leave it out`,
    );
  }
  const { classes } = report;
  const weights = classWeights(setting, classes);
  if (weights) notice(`class weights (${setting}): ${describeWeights(weights, classes)}`);
  else if (setting === 'auto')
    notice('class weights (auto): none, every class has 2 % of the pixels or more');
  return { shares: classes.map(({ share }) => share), weights };
}
