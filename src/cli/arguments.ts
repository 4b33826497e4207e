/** @file Taking apart what was typed: flag values, and the `params` part that commander does not know. */

import { Help, InvalidArgumentError } from 'commander';
import { OtxError } from '../base/errors.js';
import { MOST_THREADS } from '../base/most-threads.js';
import { SWITCH_WORDS } from '../base/switch.js';
import { describeHyperParameters, isSwitch, settings } from '../settings/index.js';
import type { Template } from '../templates/index.js';

/** Settings as typed, by group and name; the template checks them. */
export type ParameterTexts = Record<string, Record<string, string>>;

/** Command line before `params`, and the words behind it (undefined when there is no `params`). */
export interface SplitArguments {
  readonly command: string[];
  readonly params: string[] | undefined;
}

/** Means the same as the flag `--use-otx-adapter`: it says how data is read, not how a model is trained. */
export const ADAPTER_PARAMETER = 'algo_backend.use_otx_adapter';

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

/** The setting that someone means who leaves out its group: `learning_parameters.num_iters` for `--num_iters` or `--num-iters=3`. */
export function settingCalled(word: string): string | undefined {
  const name = /^--([A-Za-z][\w-]*)/.exec(word)?.[1]?.replaceAll('-', '_').toLowerCase();
  const setting = settings.entries.find((entry) => entry.name === name);
  return setting && `${setting.group}.${setting.name}`;
}

/** The value of a setting that stands without one. */
function alone(group: string, name: string): string | undefined {
  return isSwitch(group, name) || `${group}.${name}` === ADAPTER_PARAMETER ? 'true' : undefined;
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
  const lines = describeHyperParameters(template.hyperParameters)
    .filter(({ group, name }) => !used || used.includes(`${group}.${name}`))
    .flatMap(({ group, name, type, default: value, min, max, description, allowed }) => [
      `  --${group}.${name} <${type}>`,
      indented(description, columns),
      indented(`default ${value}; ${min === undefined ? allowed : `min ${min}, max ${max}`}`, columns),
    ]);
  const adapter =
    !used || used.includes(ADAPTER_PARAMETER)
      ? [
          `  --${ADAPTER_PARAMETER} <boolean>`,
          '      the same as --use-otx-adapter',
          `      default false; ${SWITCH_WORDS}`,
        ]
      : [];
  return [`params of ${template.name}:`, ...lines, ...adapter].join('\n');
}

/** Text in lines that begin with six spaces. */
function indented(text: string, columns: number): string {
  return new Help().boxWrap(text, columns - 6).replace(/^/gm, '      ');
}

/** Commander parser of a number of threads. */
export function parseThreads(text: string): number {
  const threads = Number(text);
  if (/^\d+$/.test(text) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new InvalidArgumentError(`expected a number of threads from 1 to ${MOST_THREADS}`);
}

/** Commander parser of a seed. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed < 2 ** 32) return seed;
  throw new InvalidArgumentError(`a seed is an integer from 0 to ${2 ** 32 - 1}`);
}

/** Commander parser of the size of an input in pixels: width x height. */
export function parseInputSize(text: string): { width: number; height: number } {
  const match = /^(\d{1,5})x(\d{1,5})$/i.exec(text.trim());
  if (match) return { width: Number(match[1]), height: Number(match[2]) };
  throw new InvalidArgumentError('a size is width x height in pixels, such as 640x320');
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Commander parser of a duration such as `90s`, `30m` or `1.5h`, in seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+)([smh])$/.exec(text.trim());
  const seconds = Number(match?.[1]) * (SECONDS[match?.[2] ?? ''] ?? Number.NaN);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new InvalidArgumentError('a duration is a number with a unit: 90s, 30m or 1.5h');
}

/** Commander parser of what lies between checkpoints: a number of steps, or a duration. */
export function parseCheckpointInterval(text: string): { steps?: number; seconds?: number } {
  if (/^[1-9]\d{0,14}$/.test(text)) return { steps: Number(text) };
  if (/[smh]$/.test(text)) return { seconds: parseDuration(text) };
  throw new InvalidArgumentError(
    'checkpoints come after a number of steps, such as 100, or a duration, such as 5m',
  );
}
