/** @file A checkpoint of a network that has learned nothing, to see what training adds. */

import type { ClassInfo } from '../data/index.js';
import { createSegmentor, describe } from '../models/index.js';
import { checkpointOf, encodeCheckpoint } from '../runs/checkpoint.js';
import { initialState } from '../runs/state-dict.js';
import { resolveHyperParameters, type SettingOptions, settingsOf } from '../settings/index.js';
import { loadTemplate } from '../templates/index.js';

export interface UntrainedOptions {
  /** Name or id of a template. */
  readonly template: string;
  readonly classes: readonly ClassInfo[];
  readonly seed: number;
  /** Settings that its file says it was trained with. */
  readonly settings?: SettingOptions;
}

/**
 * The bytes of a `.safetensors` file with the weights that training starts from.
 *
 * @throws OtxError `template` or `usage`.
 */
export function untrainedCheckpoint(options: UntrainedOptions): Uint8Array {
  const { classes, seed } = options;
  const template = loadTemplate(options.template);
  const hyperParameters = resolveHyperParameters(template, settingsOf(options.settings ?? {}));
  const model = createSegmentor(template.model, { numClasses: classes.length });
  // The variables do not depend on the size of the input.
  const { variables } = describe(model, [1, 3, 64, 64]);
  const shapes = new Map(variables.map(({ key, shape }) => [key, shape]));
  const tensors = [...initialState(variables, seed)].map(
    ([key, data]) => [key, { dtype: 'F32', shape: shapes.get(key)!, data }] as const,
  );
  const info = {
    template: { id: template.id, name: template.name, model: template.model },
    hyperParameters,
    classes: classes.map(({ name, color }) => ({ name, color: [...color] as [number, number, number] })),
    metrics: null,
    progress: { epoch: 0, step: 0, seed, best: null },
  };
  return encodeCheckpoint(checkpointOf(info, new Map(tensors)));
}
