/** @file Flags that follow from what the settings and options of a training say of themselves. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { OtxError } from '../base/errors.js';
import { describeSettings, parseSetting, type SettingInfo, type TrainOptions } from '../index.js';

/** What flags give: values of options by their names in the API. */
export type TypedOptions = Partial<Omit<TrainOptions, 'template' | 'resumeFrom'>> & {
  readonly resumeFrom?: string | undefined;
};

/** Settings of the names that are given, in this order. */
export function settingsNamed(...names: readonly (keyof TrainOptions)[]): SettingInfo[] {
  const all = describeSettings();
  return names.flatMap((name) => all.filter((setting) => setting.name === name));
}

export interface FlagOptions {
  /** What the help of a flag says at its end, by name of the setting. */
  readonly helpEnds?: Readonly<Record<string, string>>;
  /** Default {@link parseSetting}. */
  readonly parse?: (name: string, text: string) => unknown;
}

/** Adds the flag of every setting that has one. */
export function addSettingFlags(
  command: Command,
  settings: readonly SettingInfo[],
  { helpEnds = {}, parse = parseSetting }: FlagOptions = {},
): Command {
  for (const { name, flag, help, allowed, words, param, file, off } of settings) {
    if (flag === undefined) continue;
    const option = new Option(flag, `${help}${helpEnds[name] ?? ''}`);
    // By its words a value is told from what stands behind the flag alone.
    if (option.optional && words) option.choices([...words]);
    // What is wrong with a parameter is told under its own name, and what is empty with all else that is.
    const isParsed = (option.required || option.optional) && (param === undefined || file !== undefined);
    command.addOption(
      isParsed
        ? option.argParser((text) => (text === '' ? text : refusing(() => parse(name, text), allowed)))
        : option,
    );
    if (off !== undefined) command.option(`--no-${option.name()}`, off);
  }
  return command;
}

/** In the form in which commander names the flag as well. */
function refusing<T>(parse: () => T, allowed: string): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OtxError)) throw error;
    throw new InvalidArgumentError(`expected ${allowed}`);
  }
}

/**
 * The values of flags by names of the API; what was not typed is not there.
 *
 * @param flags as commander gives them.
 * @throws OtxError `usage` for a value that is not allowed.
 */
export function typedOptions(
  flags: Readonly<Record<string, unknown>>,
  settings: readonly SettingInfo[],
): TypedOptions {
  const typed = settings.flatMap(({ name, longFlag, param, file }) => {
    const value = longFlag && flags[new Option(longFlag).attributeName()];
    if (value === undefined) return [];
    return [[name, param !== undefined && file === undefined ? parseSetting(name, String(value)) : value]];
  });
  return Object.fromEntries(typed);
}
