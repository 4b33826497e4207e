/** @file All that can be said to a training, as plain data: for help texts, forms, completion and other command lines. */

import { OtxError, option } from '../base/errors.js';
import { shown } from '../base/shown.js';
import {
  type HyperParameterOverrides,
  type HyperParameters,
  type SettingOptions,
  settings,
  withImplied,
} from './hyper-parameters.js';
import { longFlag, type NamedRunOption, type RunOptions, runVocabulary } from './run-vocabulary.js';
import type { Operation } from './setting.js';

/** A setting of a training, or another of its options. */
export interface SettingInfo {
  /** In the API. */
  readonly name: string;
  /** What its values are. `size` is text such as `256x256`, `seconds` and `bytes` are numbers. */
  readonly type:
    | 'integer'
    | 'float'
    | 'boolean'
    | 'choice'
    | 'size'
    | 'bytes'
    | 'path'
    | 'text'
    | 'seconds'
    | 'interval';
  /** Type and range in words. */
  readonly allowed: string;
  /** All values, where they can be listed. */
  readonly words: readonly string[] | undefined;
  /** Smallest value of a number. */
  readonly min: number | undefined;
  /** Largest value of a number. */
  readonly max: number | undefined;
  /** What a number counts. */
  readonly unit: string | undefined;
  /** Of a setting, in the template that was asked for; other options have none, or say it in their description. */
  readonly default: number | string | boolean | undefined;
  /** Of a setting: its name behind `params`, in files and in checkpoints, `group.name`. */
  readonly param: string | undefined;
  /** Of another option: its name in configuration files. */
  readonly file: string | undefined;
  /** Its flag of `otx train` with a placeholder for the value, such as `-o, --output <folder>`. */
  readonly flag: string | undefined;
  /** Long form of the flag alone. */
  readonly longFlag: string | undefined;
  /** What the help of the flag says. */
  readonly help: string;
  /** What the opposite of its flag does (`--no-…`), where it has one. */
  readonly off: string | undefined;
  /** Operations besides a training that take it. */
  readonly usedBy: readonly Operation[];
  /**
   * What a run that goes on takes: any value (`free`), a larger one (`extend`), another path to the same data (`moved`), or
   * only the one it began with (`fixed`).
   */
  readonly onResume: 'free' | 'extend' | 'moved' | 'fixed';
  /** In a sentence, without its range. */
  readonly description: string;
}

/** Everything in the order of the records: options first, then settings with the given defaults. */
export function describeAll(
  defaults: HyperParameters,
  { entries }: { readonly entries: readonly NamedRunOption[] } = runVocabulary,
): SettingInfo[] {
  const values: Partial<Record<string, number | string | boolean>> = settings.toFlat(defaults);
  const none = { words: undefined, min: undefined, max: undefined, unit: undefined, default: undefined };
  const options = entries.map(
    ({ key: name, schema, fromText, param, file, flag, off, help, ...known }): SettingInfo => ({
      ...{ name, ...none, usedBy: [], param, file, flag, off, ...known },
      longFlag: flag && longFlag(flag),
      help: help ?? known.description,
    }),
  );
  const all = settings.entries.map(
    ({
      key: name,
      group,
      name: inGroup,
      schema,
      affects,
      flag,
      words,
      usedBy = [],
      ...known
    }): SettingInfo => ({
      ...{ name, ...none, file: undefined, off: undefined, ...known },
      default: values[name] ?? known.default,
      words: words?.map(String),
      usedBy,
      flag: flag && `${flag.long} ${flag.value}`,
      longFlag: flag?.long,
      help: flag?.help ?? known.description,
    }),
  );
  return [...options, ...all];
}

/**
 * The value that a text means, as someone has typed it behind a flag.
 *
 * @param name in the API, such as `seed` or `trainType`.
 * @returns with its type: `30m` for `timeBudgetSeconds` is 1800.
 * @throws OtxError `usage` for an unknown name, and for a text that is not allowed, saying what is.
 */
export function parseSetting(name: string, text: string): unknown {
  const run = runVocabulary.entries.find(({ key }) => key === name);
  if (run) return parseOption(run, text);
  const entry = settings.entries.find(({ key }) => key === name);
  if (!entry) throw new OtxError('usage', `there is no setting ${shown(name)}`);
  const checked: Readonly<Record<string, unknown>> = settings.toFlat(
    settings.check({ [entry.group]: { [entry.name]: text } }),
  );
  return checked[name];
}

/** @throws OtxError `usage` for a text that is not allowed. */
export function parseOption({ key, schema, fromText, allowed }: NamedRunOption, text: string): unknown {
  const parsed = schema.safeParse(fromText(text));
  if (parsed.success) return parsed.data;
  throw new OtxError('usage', `${option(key)} is ${shown(text)}; allowed is ${allowed}`);
}

/**
 * Settings by group and name, as `params` and configuration files have them, under their names in the API.
 *
 * @param params such as `{ learning_parameters: { num_iters: '30' } }`; numbers may be given as text. The parameters of
 * options that are no settings are known as well.
 * @param beside what was said under the names of the API as well; where it is the same thing, it must be the same value.
 * @returns those of `params` and, where they imply others, these: a confidence threshold is one that is used.
 * @throws OtxError `usage` naming the parameter, its value and what is allowed, or the nearest name of an unknown one.
 */
export function settingsFromParams(
  params: Readonly<Record<string, unknown>>,
  beside: RunOptions = {},
): SettingOptions & RunOptions {
  const { groups, options } = takeOptions(params);
  for (const [name, { param, value }] of Object.entries(options)) {
    const said = beside[name as keyof RunOptions];
    if (said === undefined || said === value) continue;
    throw new OtxError(
      'usage',
      `${option(name)} ${said} and ${option(param)} ${value} contradict each other: they are one setting; leave one of them out`,
    );
  }
  const values = Object.entries(options).map(([name, { value }]) => [name, value]);
  const checked: HyperParameterOverrides = settings.check(groups);
  return { ...settings.toFlat(withImplied(checked)), ...Object.fromEntries(values) };
}

type Groups = Readonly<Record<string, unknown>>;

/** Takes out what is no setting, by its name in the API. */
function takeOptions(params: Groups): {
  groups: Groups;
  options: Record<string, { param: string; value: unknown }>;
} {
  const groups = { ...params };
  const options: Record<string, { param: string; value: unknown }> = {};
  for (const { key, param, schema, allowed } of runVocabulary.entries) {
    const [group = '', name = ''] = param?.split('.') ?? [];
    const members = groups[group];
    if (param === undefined || typeof members !== 'object' || members === null || !(name in members))
      continue;
    const { [name]: given, ...others } = members as Groups;
    groups[group] = others;
    if (given === undefined) continue;
    const parsed = schema.safeParse(given);
    if (!parsed.success) {
      throw new OtxError('usage', `parameter ${option(param)} is ${shown(given)}; allowed is ${allowed}`);
    }
    options[key] = { param, value: parsed.data };
  }
  return { groups, options };
}
