/** @file What a shell may complete, read off the commands as they are defined, so that it can never be out of date. */

import type { Command, Option } from 'commander';
import { describeSettings, EXPORT_TYPES, listTemplates } from '../../index.js';
import { PARAMS_OF } from '../commands/context.js';

/** What may stand behind a flag: nothing, a path, one of some words, or something that only the user knows. */
export type FlagValue = 'none' | 'path' | 'text' | readonly string[];

export interface Flag {
  /** `-o`, `--output` */
  readonly names: readonly string[];
  readonly description: string;
  readonly value: FlagValue;
}

/** A setting behind `params`. */
export interface Setting {
  /** `--group.name` */
  readonly name: string;
  readonly description: string;
  readonly values: readonly string[];
}

export interface Operation {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Words that its argument may be. */
  readonly words: readonly string[];
  /** Whether the argument may be a path as well. */
  readonly takesPath: boolean;
  readonly settings: readonly Setting[];
}

export interface CommandLine {
  readonly operations: readonly Operation[];
  /** Flags of `otx` itself. */
  readonly flags: readonly Flag[];
}

export function describeCommandLine(program: Command): CommandLine {
  return { operations: program.commands.map(operationOf), flags: flagsOf(program) };
}

function operationOf(command: Command): Operation {
  const [argument] = command.registeredArguments;
  const isTemplate = argument?.name() === 'template';
  return {
    name: command.name(),
    description: command.description(),
    flags: flagsOf(command),
    words: isTemplate ? listTemplates().map(({ name }) => name) : (argument?.argChoices ?? []),
    takesPath: isTemplate,
    settings: settingsOf(command.name()),
  };
}

function flagsOf(command: Command): Flag[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      value: flagValue(option),
    }));
}

/** Words of flags that take them in any case, and so are no choices of commander. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    describeSettings().flatMap(({ longFlag, words }) => (longFlag && words ? [[longFlag, words]] : [])),
  ),
  '--export-type': EXPORT_TYPES,
  '--tta': ['off', 'flip', 'scales', 'flip,scales'],
  '--use-otx-adapter': ['true', 'false'],
  '--task': ['SEGMENTATION'],
};

function flagValue(option: Option): FlagValue {
  if (!option.required && !option.optional) return 'none';
  const words = option.argChoices ?? WORDS[option.long ?? ''];
  return words ?? (/[<[](path|folder|file)/.test(option.flags) ? 'path' : 'text');
}

/** Operations that take all settings. */
const TRAINING = ['train', 'cv', 'tune', 'reproduce'];

function settingsOf(operation: string): Setting[] {
  const used = TRAINING.includes(operation) ? undefined : (PARAMS_OF[operation] ?? []);
  if (used?.length === 0) return [];
  return describeSettings().flatMap(({ param, file, type, description, longFlag, words }) =>
    param === undefined || (used && !used.includes(param))
      ? []
      : [
          {
            name: `--${param}`,
            description: file === undefined ? description : `the same as ${longFlag}`,
            values: words ?? (type === 'boolean' ? ['true', 'false'] : []),
          },
        ],
  );
}
