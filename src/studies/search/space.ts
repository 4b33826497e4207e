/** @file What a search varies: settings with the values that each may have, and where a value lies among them. */

import { OtxError, option } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import { type SettingOptions, settings } from '../../settings/index.js';

/** A value of a setting. */
export type SearchValue = number | string | boolean;

/** Numbers from one to another. */
export interface SearchInterval {
  /** Smallest value that is tried. */
  readonly min: number;
  /** Largest value that is tried. */
  readonly max: number;
  /** Whether equal factors count alike, as suits a learning rate, rather than equal steps. Default false; needs a `min` above 0. */
  readonly log?: boolean | undefined;
  /** Only numbers that lie whole steps from 0 are tried. Default: 1 for whole numbers, otherwise four significant digits. */
  readonly step?: number | undefined;
}

/** The values among which a setting is searched: all that are listed, or an interval. */
export type SearchRange = readonly SearchValue[] | SearchInterval;

/** What is searched, by name in the API (`learningRate`), behind `params` (`learning_parameters.learning_rate`), or its last part. */
export type SearchSpace = Readonly<Record<string, SearchRange>>;

/** A setting that is searched. */
export interface Dimension {
  /** In the API. */
  readonly key: keyof SettingOptions;
  /** In files. */
  readonly name: string;
  readonly isWhole: boolean;
  readonly range: SearchRange;
}

/** What a trial stops and goes on by, and what says which kind of training it is. */
const NOT_SEARCHED = ['epochs', 'trainType'];
const DIGITS = 4;

/**
 * The space behind a text such as `learning_rate=1e-4..1e-2:log,batch_size=4|8`.
 *
 * @throws OtxError `usage` for another form.
 */
export function parseSearch(text: string): SearchSpace {
  const parts = text.split(/,(?=\s*[\w.]+=)/).map((part) => part.trim());
  return Object.fromEntries(parts.map(parsePart));
}

function parsePart(part: string): [string, SearchRange] {
  const [, name, words = ''] = /^([\w.]+)=(.+)$/.exec(part) ?? [];
  const [values, ...marks] = words.split(':');
  const isKnown = marks.every((mark) => mark === 'log' || Number(mark) > 0);
  if (name === undefined || !isKnown || marks.length > 2) {
    throw new OtxError(
      'usage',
      `--search has ${shown(part)}; expected a setting with its values, such as batch_size=4|8, learning_rate=1e-4..1e-2:log or ` +
        'ema_decay=0..0.9:0.1',
    );
  }
  const [min, max, more] = (values ?? '')
    .split('..')
    .map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
  if (max === undefined) return [name, words.split('|').map((word) => wordValue(word.trim()))];
  if (more !== undefined || !Number.isFinite(min) || !Number.isFinite(max)) {
    throw new OtxError('usage', `--search has ${shown(part)}; expected two numbers with .. between them`);
  }
  const step = marks.map(Number).find((mark) => mark > 0);
  return [
    name,
    { min: min!, max, ...(marks.includes('log') && { log: true }), ...(step === undefined ? {} : { step }) },
  ];
}

function wordValue(word: string): SearchValue {
  if (/^(true|false)$/i.test(word)) return word.toLowerCase() === 'true';
  return word !== '' && Number.isFinite(Number(word)) ? Number(word) : word;
}

/**
 * The settings of a space, in its order.
 *
 * @throws OtxError `usage` for a setting that is unknown or cannot be searched, and for values that it cannot have.
 */
export function dimensionsOf(space: SearchSpace): Dimension[] {
  const names = Object.entries(space);
  if (names.length === 0) throw new OtxError('usage', `${option('search')} names no setting`);
  const found = names.map(([name, range]) => dimensionOf(name, range));
  const twice = found.find(({ key }, at) => found.findIndex((other) => other.key === key) !== at);
  if (twice) throw new OtxError('usage', `${option('search')} names ${twice.name} twice`);
  return found;
}

function dimensionOf(name: string, range: SearchRange): Dimension {
  const entry = settings.entries.find(({ key, param, name: last }) => [key, param, last].includes(name));
  const isSearched = entry && entry.affects === 'result' && !NOT_SEARCHED.includes(entry.key);
  if (!isSearched) {
    throw new OtxError(
      'usage',
      `${option('search')}: ${shown(name)} is ${entry ? 'no setting that can be searched' : 'no setting'}; expected one that the result ` +
        'depends on, such as learning_rate ("otx train params --help" lists them)',
    );
  }
  const isWhole = entry.type === 'integer';
  const wrong = (problem: string) =>
    new OtxError('usage', `${option('search')}: ${entry.name} ${problem}; allowed is ${entry.allowed}`);
  if (Array.isArray(range)) {
    const values = range as readonly SearchValue[];
    const bad = values.find((value) => !entry.schema.safeParse(value).success);
    if (bad !== undefined) throw wrong(`cannot be ${shown(bad)}`);
    if (values.length < 2 || new Set(values).size < values.length)
      throw wrong('needs two or more values, each once');
  } else {
    const { min, max, log, step } = range as SearchInterval;
    if (!isWhole && entry.type !== 'float')
      throw wrong('has no numbers between others: list its values with |');
    const bad = [min, max].find((value) => !entry.schema.safeParse(value).success);
    if (bad !== undefined) throw wrong(`cannot be ${shown(bad)}`);
    if (!(min < max) || (log && min <= 0) || (step !== undefined && !(step > 0)))
      throw wrong('needs an interval from a smaller number to a larger one, above 0 for log');
  }
  return { key: entry.key as keyof SettingOptions, name: entry.name, isWhole, range };
}

/** The value at a place from 0 to below 1. */
export function valueAt({ range, isWhole }: Dimension, place: number): SearchValue {
  if (Array.isArray(range)) return range[Math.min(Math.floor(place * range.length), range.length - 1)]!;
  const { min, max, log, step } = range as SearchInterval;
  const exact = log ? min * (max / min) ** place : min + (max - min) * place;
  const size = step ?? (isWhole ? 1 : undefined);
  if (size === undefined) return Number(exact.toPrecision(DIGITS));
  const rounded = Number((Math.round(exact / size) * size).toPrecision(12));
  const inside = Math.min(Math.max(rounded, Math.ceil(min / size) * size), Math.floor(max / size) * size);
  return Number((isWhole ? Math.round(inside) : inside).toPrecision(12));
}

/** Where a value lies; undefined for one that the search would not try. */
export function placeOf({ range }: Dimension, value: SearchValue | undefined): number | undefined {
  if (Array.isArray(range)) {
    const at = range.indexOf(value as SearchValue);
    return at < 0 ? undefined : (at + 0.5) / range.length;
  }
  const { min, max, log } = range as SearchInterval;
  if (typeof value !== 'number' || value < min || value > max) return undefined;
  return log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
}
