/** @file Taking apart what was typed: flag values, and the `params` part that commander does not know. */

import { Help, InvalidArgumentError } from 'commander';
import { OtxError } from '../base/errors.js';
import { describeSettings, type SettingInfo, type Template } from '../index.js';

/** Settings as typed, by group and name; the template checks them. */
export type ParameterTexts = Record<string, Record<string, string>>;

/** Command line before `params`, and the words behind it (undefined when there is no `params`). */
export interface SplitArguments {
  readonly command: string[];
  readonly params: string[] | undefined;
}

/** Settings that have a name behind `params`, by that name. */
const PARAMS: ReadonlyMap<string, SettingInfo> = new Map(
  describeSettings().flatMap((setting) =>
    setting.param === undefined ? [] : [[setting.param, setting] as const],
  ),
);

/** How a setting is typed. */
const SETTING = /^--([A-Za-z_]\w*)\.([A-Za-z_]\w*)(?:=(.*))?$/s;

/**
 * Cuts at the word `params`, unless it is the value of the option before it, as in `-o params`. What comes behind it tells
 * that apart from an option without a value, as in `--pretrained params --group.name 1`.
 *
 * @throws OtxError `usage` for a setting that stands before the word, or without it.
 */
export function splitParams(argv: readonly string[]): SplitArguments {
  const at = argv.findIndex(
    (word, index) =>
      word === 'params' &&
      (!/^--?[a-z_-]+$/.test(argv[index - 1] ?? '') || /^(--\w+\.|--help$|-h$)/.test(argv[index + 1] ?? '')),
  );
  const command = at < 0 ? [...argv] : argv.slice(0, at);
  const early = command.find((word) => SETTING.test(word));
  if (early !== undefined) {
    throw new OtxError(
      'usage',
      `found the setting "${early}" among the options; settings come last, behind the word params: params ${early} …`,
    );
  }
  return { command, params: at < 0 ? undefined : argv.slice(at + 1) };
}

/** True when the user asks for the list of settings. */
export function wantsHelp(params: readonly string[]): boolean {
  return params.includes('--help') || params.includes('-h');
}

/**
 * Reads `--group.name value` and `--group.name=value`; a boolean without a value is true.
 *
 * @throws OtxError `usage` for anything else, and for a setting given twice.
 */
export function parseParams(params: readonly string[]): ParameterTexts {
  // Without a prototype, so that a setting called constructor is as unknown as any other.
  const result: ParameterTexts = Object.create(null);
  const words = [...params];
  while (words.length > 0) {
    const word = words.shift() as string;
    const match = SETTING.exec(word);
    if (!match) {
      const meant = settingCalled(word);
      const hint = meant === undefined ? '' : `; did you mean --${meant}?`;
      throw new OtxError('usage', `params: found "${word}"; expected --<group>.<name> value${hint}`);
    }
    const [, group, name] = match as unknown as [string, string, string];
    const value = match[3] ?? (words[0]?.startsWith('--') ? undefined : words.shift()) ?? alone(group, name);
    if (value === undefined) throw new OtxError('usage', `params: --${group}.${name} needs a value`);
    const members = result[group] ?? {};
    if (Object.hasOwn(members, name))
      throw new OtxError('usage', `params: --${group}.${name} is given twice`);
    result[group] = { ...members, [name]: value };
  }
  return result;
}

/**
 * The setting that someone means who leaves out its group: `learning_parameters.num_iters` for `--num_iters` or `--num-iters=3`, and for
 * `--epochs`, as programs call it.
 */
export function settingCalled(word: string): string | undefined {
  const name = /^--([A-Za-z][\w-]*)/.exec(word)?.[1]?.replaceAll('-', '_').toLowerCase();
  const own = [...PARAMS.keys()].find((param) => param.split('.')[1] === name);
  return own ?? [...PARAMS].find(([, setting]) => snakeCase(setting.name) === name)?.[0];
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The value of a setting that stands without one. */
function alone(group: string, name: string): string | undefined {
  return PARAMS.get(`${group}.${name}`)?.type === 'boolean' ? 'true' : undefined;
}

/**
 * Refuses settings that a command would silently ignore.
 *
 * @param used names such as `learning_parameters.input_size`.
 */
export function onlyParams(
  texts: ParameterTexts,
  used: readonly string[],
  operation: string,
): ParameterTexts {
  for (const [group, members] of Object.entries(texts)) {
    for (const name of Object.keys(members)) {
      if (used.includes(`${group}.${name}`)) continue;
      throw new OtxError(
        'usage',
        `params: --${group}.${name} has no effect on otx ${operation}; ${used.length > 0 ? `it takes ${used.join(', ')}` : 'it takes none'}`,
      );
    }
  }
  return texts;
}

/** The list that `params --help` prints. @param columns its width; names of settings may be longer */
export function paramsHelp(template: Template, used: readonly string[] | undefined, columns: number): string {
  const all = describeSettings(template).filter(({ param }) => param !== undefined);
  // What is also an option of its own comes last.
  const lines = [...all.filter(({ file }) => !file), ...all.filter(({ file }) => file)]
    .filter(({ param = '' }) => !used || used.includes(param))
    .flatMap(({ param, type, default: value = false, min, max, description, allowed, file, longFlag }) => [
      `  --${param} <${type}>`,
      indented(file === undefined ? description : `the same as ${longFlag}`, columns),
      indented(`default ${value}; ${min === undefined ? allowed : `min ${min}, max ${max}`}`, columns),
    ]);
  return [`params of ${template.name}:`, ...lines].join('\n');
}

/** Text in lines that begin with six spaces. */
function indented(text: string, columns: number): string {
  return new Help().boxWrap(text, columns - 6).replace(/^/gm, '      ');
}

/** Commander parser of the size of an input in pixels: width x height. */
export function parseInputSize(text: string): { width: number; height: number } {
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(text.trim());
  if (match) return { width: Number(match[1]), height: Number(match[2]) };
  throw new InvalidArgumentError('a size is width x height in pixels, such as 640x320');
}
