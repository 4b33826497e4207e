/** @file What a data set is recognised by, before it is hashed. */

import type { Sample } from '../data/types.js';

/** Names and sizes of the images; not where they are kept. */
export const recognisedText = (samples: readonly Pick<Sample, 'id' | 'width' | 'height'>[]): string =>
  JSON.stringify(samples.map(({ id, width, height }) => [id, width, height]));
