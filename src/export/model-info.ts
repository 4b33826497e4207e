/** @file What an exported model says of itself, with the version of this package. */

import { version } from '../base/version.js';
import type { FileForm } from '../inference/file-form.js';
import type { TrainedModel } from '../inference/trained-model.js';
import { describeModel } from './describe-model.js';

/** Metadata by key. */
export const modelInfo = (trained: TrainedModel, form: FileForm): Record<string, string> =>
  describeModel(trained, form, version);
