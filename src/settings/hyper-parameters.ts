/** @file The settings of a training by group and name, as files, checkpoints and `params` have them. */

import { OtxError } from '../base/errors.js';
import { shown } from '../base/shown.js';
import type { GroupedValuesOf, ValuesOf } from './setting.js';
import { trainingSettings } from './training-settings.js';
import { createVocabulary, type Overrides } from './vocabulary.js';

/** All settings of a training, and what can be done with them. */
export const settings = createVocabulary(trainingSettings);

/** Checked values for every setting, by group and name, under the names that the command line uses. */
export type HyperParameters = GroupedValuesOf<typeof trainingSettings>;

/** Some settings, still to be checked. */
export type HyperParameterOverrides = Overrides<HyperParameters>;

/** Values for every setting, under the names of the API. */
export type TrainingSettings = ValuesOf<typeof trainingSettings>;

/** Values for some settings, under the names of the API. */
export type SettingOptions = { readonly [N in keyof TrainingSettings]?: TrainingSettings[N] | undefined };

/**
 * Settings under the names of the API, checked, by group and name. Other options beside them are passed over.
 *
 * @throws OtxError `usage` naming the setting as the API does, its value and what is allowed.
 */
export function settingsOf(options: SettingOptions): HyperParameterOverrides {
  for (const { key, allowed, schema } of settings.entries) {
    const value: unknown = options[key as keyof SettingOptions];
    if (value === undefined || schema.safeParse(value).success) continue;
    throw new OtxError('usage', `${key} is ${shown(value)}; allowed is ${allowed}`);
  }
  return settings.check(settings.toGroups(options));
}

/** One setting, for help texts. */
export interface HyperParameterInfo {
  readonly group: string;
  readonly name: string;
  readonly type: string;
  readonly default: number | string | boolean;
  readonly min?: number;
  readonly max?: number;
  readonly allowed: string;
  /** What it may be where that can be listed. */
  readonly words: readonly string[];
  readonly description: string;
}

/** All settings with the given defaults, in the order of the record. */
export function describeHyperParameters(defaults: HyperParameters): HyperParameterInfo[] {
  const values: Partial<Record<string, number | string | boolean>> = settings.toFlat(defaults);
  return settings.entries.map(
    ({ key, group, name, type, min, max, allowed, words, description, ...entry }) => ({
      group,
      name,
      type,
      default: values[key] ?? entry.default,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      allowed,
      words: (words ?? []).map(String),
      description,
    }),
  );
}

/**
 * The settings of a template with `overrides` on top.
 *
 * @param overrides by group and name. Anything may be passed, it is checked here.
 * @throws OtxError `usage` as {@link checkHyperParameters}.
 */
export function resolveHyperParameters(
  template: { readonly hyperParameters: HyperParameters },
  overrides: HyperParameterOverrides | Readonly<Record<string, unknown>> = {},
): HyperParameters {
  return settings.resolve(template.hyperParameters, withImplied(checkHyperParameters(overrides)));
}

/** Settings with those that they imply where nothing else is said: who names a confidence threshold wants it used. */
export function withImplied(overrides: HyperParameterOverrides): HyperParameterOverrides {
  if (overrides.postprocessing?.confidence_threshold === undefined) return overrides;
  return {
    ...overrides,
    postprocessing: { result_based_confidence_threshold: false, ...overrides.postprocessing },
  };
}

/** Whether a setting is a boolean; false for an unknown one. */
export const isSwitch = (group: string, name: string): boolean =>
  settings.find(group, name)?.type === 'boolean';

/** Names of the settings of a group; none for an unknown one. */
export const settingNames = (group: string): readonly string[] =>
  settings.entries.filter((entry) => entry.group === group).map(({ name }) => name);

/**
 * A complete set of settings: what `values` leave out has its default.
 *
 * @throws OtxError `usage` as {@link checkHyperParameters}.
 */
export function completeHyperParameters(values: unknown): HyperParameters {
  return settings.resolve(settings.defaults, values);
}

/**
 * Settings of unknown origin, by group and name, with their types.
 *
 * @param values numbers may be given as text.
 * @throws OtxError `usage` naming the setting, its value and what is allowed, or the nearest name of an unknown one.
 */
export function checkHyperParameters(values: unknown): HyperParameterOverrides {
  return settings.check(values);
}
