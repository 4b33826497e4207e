/**
 * @file The one gate through which the options of the public API go. Types are no obstacle to a program in JavaScript, in
 * which a misspelt variable is undefined and a path may be a number.
 */

import { closest, distance } from 'fastest-levenshtein';
import { OtxError, option } from './errors.js';
import { shown } from './shown.js';
import { quoted } from './text.js';

interface Kind {
  readonly expected: string;
  fits(value: unknown): boolean;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isPath = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && !value.includes('\0');

const KINDS = {
  path: {
    expected: 'a path as a string that is not empty',
    fits: isPath,
  },
  paths: {
    expected: 'a path as a string that is not empty, or several in an array',
    fits: (value) => (Array.isArray(value) ? value.length > 0 && value.every(isPath) : isPath(value)),
  },
  data: {
    expected: 'the path of a data set, or { classes, images } in memory, or { formula }',
    fits: (value) =>
      isPath(value) || (isObject(value) && (('classes' in value && 'images' in value) || 'formula' in value)),
  },
  number: {
    expected: 'a number',
    fits: (value) => typeof value === 'number' && !Number.isNaN(value),
  },
  boolean: { expected: 'true or false', fits: (value) => typeof value === 'boolean' },
  string: { expected: 'a string', fits: (value) => typeof value === 'string' },
  choice: {
    expected: 'a word or true or false',
    fits: (value) => typeof value === 'string' || typeof value === 'boolean',
  },
  object: { expected: 'an object', fits: (value) => isObject(value) && !Array.isArray(value) },
  template: {
    expected: 'the name of a template, the path of its file, or a template',
    fits: (value) =>
      (typeof value === 'string' && !value.includes('\0')) ||
      (isObject(value) && 'model' in value && 'hyperParameters' in value),
  },
  function: { expected: 'a function', fits: (value) => typeof value === 'function' },
  signal: {
    expected: 'an AbortSignal',
    fits: (value) => isObject(value) && 'aborted' in value && 'addEventListener' in value,
  },
} satisfies Record<string, Kind>;

/** What an option must be, by its name; with a question mark it may be left out. */
export type OptionKinds = Readonly<Record<string, keyof typeof KINDS | `${keyof typeof KINDS}?`>>;

/**
 * Looks at the names and types of options before anything is done with them; whether a number is in its range is told
 * elsewhere.
 *
 * @param what the function that was called.
 * @param others names of options that are checked elsewhere.
 * @throws OtxError `usage` naming the option, its value and what is expected.
 */
export function checkOptions(
  what: string,
  options: unknown,
  kinds: OptionKinds,
  others: readonly string[] = [],
): void {
  if (!isObject(options)) {
    const names = Object.keys(kinds).filter((name) => !kinds[name]?.endsWith('?'));
    const needed = names.length > 0 ? ` with ${names.join(', ')}` : '';
    throw new OtxError('usage', `${what} was given ${shown(options)}; expected an object${needed}`);
  }
  const known = [...Object.keys(kinds), ...others];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const nearest = closest(name, known);
    const hint =
      distance(name, nearest) <= name.length / 2
        ? `did you mean ${nearest}?`
        : `known are ${known.join(', ')}`;
    throw new OtxError('usage', `${what} has no option ${quoted(name)}; ${hint}`);
  }
  for (const [name, kind] of Object.entries(kinds)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined && kind.endsWith('?')) continue;
    const { expected, fits }: Kind = KINDS[kind.replace('?', '') as keyof typeof KINDS];
    if (fits(value)) continue;
    throw new OtxError('usage', `${option(name)} is ${shown(value)}; expected ${expected}`);
  }
}
