/** @file The settings of a training for programs: editors, forms, searches of hyper-parameters. */

import { describeAll, type SettingInfo } from '../settings/describe-settings.js';
import { type HyperParameters, settings } from '../settings/index.js';
import { runVocabulary } from '../settings/run-vocabulary.js';
import { loadTemplate } from './template.js';
import type { Template } from './template-type.js';

/**
 * What `train` takes, under its names in the API, as a JSON Schema (draft 2020-12): of each setting its type, range,
 * default and description. `x-param` is its name behind `params` and in files, `x-unit` what it counts, `x-affects` whether
 * the trained model depends on it (`result`) or only the time (`speed`), `x-onResume` whether a run that goes on may have
 * another value (`free`), a larger one (`extend`), another path to the same data (`moved`) or none (`fixed`). Options that are
 * no settings, such as the data, have `x-file`, their name in configuration files, and `x-flag`.
 *
 * @param template a template, its name or id, or the path of its YAML file, whose defaults are told. Default: none, and the
 * defaults that templates start from.
 * @throws OtxError `template` for an unknown one.
 */
export function settingsSchema(template?: string | Template): Record<string, unknown> {
  const { name, hyperParameters } = defaultsOf(template);
  const title = name === undefined ? 'Settings of a training' : `Settings of a training of ${name}`;
  const { $schema, properties, ...schema } = settings.jsonSchema(hyperParameters);
  const options = {
    template: { type: 'string', description: 'name or id of a template, or path of its YAML file' },
    ...runVocabulary.jsonProperties(),
  };
  return { $schema, title, ...schema, properties: { ...options, ...(properties as object) } };
}

/**
 * All that `train` takes as plain data: of each option and setting its names in the API, in files and on the command line,
 * its type, range and default, and what it does. A command line or a form can be made of it.
 *
 * @param template a template, its name or id, or the path of its YAML file, whose defaults are told. Default: none, and the
 * defaults that templates start from.
 * @throws OtxError `template` for an unknown one.
 */
export function describeSettings(template?: string | Template): readonly SettingInfo[] {
  return describeAll(defaultsOf(template).hyperParameters);
}

function defaultsOf(template: string | Template | undefined): {
  readonly name: string | undefined;
  readonly hyperParameters: HyperParameters;
} {
  if (template === undefined) return { name: undefined, hyperParameters: settings.defaults };
  return typeof template === 'string' ? loadTemplate(template) : template;
}
