/** @file What became of every convolution, as a table. */

import { csvText, sixDigits } from '../../base/csv.js';

/** What became of a convolution. */
export interface QuantizedLayer {
  /** Path of its module in the network. */
  readonly name: string;
  /** How it is computed. */
  readonly precision: 'int8' | 'float32';
  /** Why it is computed in floats: `depthwise`, or `sensitive` for one of those without which the score fell too far. */
  readonly reason: 'depthwise' | 'sensitive' | undefined;
  /** Number of its weights. */
  readonly weights: number;
  /**
   * What rounding this layer alone does to its result: mean square of the error over that of the result. Undefined for depthwise
   * convolutions that are left as they are.
   */
  readonly noise: number | undefined;
}

export function layerTable(layers: readonly QuantizedLayer[]): string {
  return csvText([
    ['layer', 'precision', 'reason', 'weights', 'noise'],
    ...layers.map(({ name, precision, reason = '', weights, noise }) => [
      ...[name, precision, reason, weights, sixDigits(noise)],
    ]),
  ]);
}
