/** @file What a training reads, as the gate for outputs wants to know it. */

import type { Inputs } from '../../base/outputs/places.js';
import { fileInputs, joinInputs, weightsInputs } from '../../runs/inputs.js';
import type { Template } from '../../templates/index.js';
import type { CompleteConfig } from '../options/train-options.js';

/** Where its data is, before it has been opened. */
export function rootsOf({ train_data_roots, val_data_roots, unlabeled_data_roots }: CompleteConfig): Inputs {
  const roots = [train_data_roots, val_data_roots, unlabeled_data_roots];
  return { folders: fileInputs('the data', ...roots).files };
}

/** What a training reads besides its data. */
export function besides(config: CompleteConfig, template: Template, configFile: string | undefined): Inputs {
  return joinInputs(
    config.load_weights === undefined ? {} : weightsInputs(config.load_weights),
    fileInputs('the template', template.path),
    fileInputs('the configuration', configFile),
  );
}
