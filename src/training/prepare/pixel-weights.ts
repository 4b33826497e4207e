/** @file What the counted pixels of the classes mean for a training: how much each counts, and which classes are rare. */

import type { DatasetReport } from '../../data/index.js';
import { classWeights, describeWeights } from '../../losses/index.js';
import type { HyperParameters } from '../../settings/index.js';
import type { MethodChoice } from './choose-method.js';

/** What is known of the pixels of the classes. */
export type PixelWeights = Pick<MethodChoice, 'shares' | 'weights'>;

/**
 * @param report what was found in the images to learn from; undefined where they have no labels.
 * @param notice is told of weights.
 * @throws OtxError `usage` for weights of classes that there are not.
 */
export function pixelWeights(
  report: DatasetReport | undefined,
  { learning_parameters: { class_weights: setting } }: HyperParameters,
  notice: (message: string) => void,
): PixelWeights {
  if (!report) return {};
  const { classes } = report;
  const weights = classWeights(setting, classes);
  if (weights) notice(`class weights (${setting}): ${describeWeights(weights, classes)}`);
  else if (setting === 'auto')
    notice('class weights (auto): none, every class has 2 % of the pixels or more');
  return { shares: classes.map(({ share }) => share), weights };
}
