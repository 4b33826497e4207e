/** @file The settings of a training for programs: editors, forms, searches of hyper-parameters. */

import { settings } from '../settings/index.js';
import { loadTemplate } from './template.js';
import type { Template } from './template-type.js';

/**
 * The settings that `train` takes, under their names in the API, as a JSON Schema (draft 2020-12): of each its type, range,
 * default and description. `x-param` is its name in files and behind `params`, `x-unit` what it counts, `x-affects` whether
 * the trained model depends on it (`result`) or only the time (`speed`), `x-onResume` whether a run that goes on may have
 * another value (`free`), a larger one (`extend`) or none (`fixed`).
 *
 * @param template a template, its name or id, or the path of its YAML file, whose defaults are told. Default: none, and the
 * defaults that templates start from.
 * @throws OtxError `template` for an unknown one.
 */
export function settingsSchema(template?: string | Template): Record<string, unknown> {
  const { name, hyperParameters } =
    template === undefined
      ? { name: undefined, hyperParameters: settings.defaults }
      : typeof template === 'string'
        ? loadTemplate(template)
        : template;
  const title = name === undefined ? 'Settings of a training' : `Settings of a training of ${name}`;
  const { $schema, ...schema } = settings.jsonSchema(hyperParameters);
  return { $schema, title, ...schema };
}
