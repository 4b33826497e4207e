/** @file The part of a network whose maps are a picture's features. */

import { OtxError, option } from '../base/errors.js';
import type { TrainedModel } from '../inference/trained-model.js';
import { type Backbone, createBackbone, OWN_MODEL } from '../models/index.js';

/** @throws OtxError `usage` for a network of a program's own, of which nobody knows what its backbone is. */
export function featureBackbone({ template }: TrainedModel): Backbone {
  if (template.model !== OWN_MODEL) return createBackbone(template.model);
  throw new OtxError(
    'usage',
    `a network of a program's own has no backbone that is known; leave ${option('dumpFeatures')} out`,
  );
}
