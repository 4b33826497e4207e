/** @file How large a network is: what tables of templates tell. */

import { basename } from 'node:path';
import { createSegmentor, describe } from '../models/index.js';
import { pretrainedPath } from '../weights/pretrained.js';
import type { SpeedOptions } from './speed.js';

/** The size of a network. */
export interface NetworkSize {
  /** Trainable parameters. */
  readonly parameters: number;
  /** Those of the backbone alone, which does not depend on the number of classes. */
  readonly backboneParameters: number;
  /** Multiply-accumulates for one image. */
  readonly multiplyAccumulates: number;
  /** File name of the published backbone that a training may start from. */
  readonly pretrainedFile: string;
}

/**
 * Computes the size of a network from its description; nothing is run.
 *
 * @param name of a network, as in `Template.model`.
 * @throws OtxError `template` for an unknown one.
 */
export function networkSize(
  name: string,
  { side, numClasses }: Pick<SpeedOptions, 'side' | 'numClasses'>,
): NetworkSize {
  const { variables, parameters, macs } = describe(createSegmentor(name, { numClasses }), [1, 3, side, side]);
  const backboneParameters = variables
    .filter(({ key, kind }) => kind === 'parameter' && key.startsWith('backbone.'))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return {
    parameters,
    backboneParameters,
    multiplyAccumulates: macs,
    pretrainedFile: basename(pretrainedPath(name)),
  };
}
