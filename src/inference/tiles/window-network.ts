/** @file A network as windows need it, of one that classifies whole images. */

import type { Size } from '../../data/index.js';
import type { Classify } from '../opened-model.js';
import type { WindowNetwork } from './classify-tiles.js';

/** What a network is known by. */
interface Classifying {
  readonly classes: { readonly length: number };
  readonly inputSize: Size;
  readonly threshold?: number | undefined;
  readonly classify: Classify;
}

/** At its own size a network's probabilities are as it says them. */
export const windowNetworkOf = ({ classes, inputSize, threshold, classify }: Classifying): WindowNetwork => ({
  classes: classes.length,
  inputSize,
  threshold,
  probabilities: async (planes) => (await classify(planes, inputSize, true)).probabilities!,
});
