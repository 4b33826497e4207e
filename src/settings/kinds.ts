/** @file What values may be, as schemas of zod that also take the text of a command line or of a file. */

import { z } from 'zod';
import { parseSwitch, SWITCH_WORDS } from '../base/switch.js';

/** A schema with what help and error messages say of it. */
export interface Kind<T> {
  /** Checks a value, or the text of one. */
  readonly schema: z.ZodType<T>;
  readonly type: 'integer' | 'float' | 'boolean' | 'choice' | 'size' | 'bytes' | 'text';
  /** Type and range in words. */
  readonly allowed: string;
  /** Smallest value of a number. */
  readonly min?: number;
  /** Largest value of a number. */
  readonly max?: number;
  /** All values of a choice. */
  readonly words?: readonly T[];
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A whole number. */
export function integer({ min, max }: Range): Kind<number> {
  const schema = z.preprocess(toNumber, z.int().min(min).max(max));
  return { schema, type: 'integer', allowed: `an integer from ${min} to ${max}`, min, max };
}

/** Any number. */
export function float({ min, max }: Range): Kind<number> {
  const schema = z.preprocess(toNumber, z.number().min(min).max(max));
  return { schema, type: 'float', allowed: `a number from ${min} to ${max}`, min, max };
}

/** On or off. */
export function boolean(): Kind<boolean> {
  const schema = z.preprocess(parseSwitch, z.boolean());
  return { schema, type: 'boolean', allowed: SWITCH_WORDS, words: [true, false] };
}

/** One of some words, in any case. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  const find = (value: unknown) =>
    words.find((word) => word.toLowerCase() === String(value).trim().toLowerCase());
  const schema = z.preprocess(find, z.enum(words)) as z.ZodType<T>;
  const allowed = words.length > 1 ? `one of ${words.join(', ')}` : words.join();
  return { schema, type: 'choice', allowed, words };
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** An amount of memory: a whole number of bytes, or of a unit. */
export function bytes(): Kind<number> {
  const parse = (value: unknown) => {
    const match = /^(\d+)\s*([a-z]*)$/i.exec(String(value).trim());
    const unit = BYTE_UNITS[(match?.[2] ?? '').toLowerCase()];
    return Number(match?.[1]) * (unit ?? Number.NaN);
  };
  const schema = z.preprocess(parse, z.int().min(0));
  const allowed = 'a number of bytes such as 1000000000, 8GB (10^9) or 8GiB, 8G (2^30)';
  return { schema, type: 'bytes', allowed };
}

/** Side of the largest image size: the batch of a larger one would fit no buffer. */
const MOST_PIXELS = 8192;

/** A square image size such as `256x256`, `Default` or `Auto`. */
export function size(): Kind<string> {
  const parse = (value: unknown) => {
    if (typeof value !== 'string') return undefined;
    const word = ['Default', 'Auto'].find((known) => known.toLowerCase() === value.toLowerCase());
    if (word) return word;
    const match = /^(\d{1,5})x(\d{1,5})$/i.exec(value);
    const side = Number(match?.[1]);
    return match && match[1] === match[2] && side > 0 && side <= MOST_PIXELS && side % 32 === 0
      ? `${side}x${side}`
      : undefined;
  };
  const schema = z.preprocess(parse, z.string().regex(/^(Default|Auto|([1-9]\d*)x\2)$/));
  const allowed =
    'Default, Auto, 256x256, 384x384, 512x512, 768x768, 1024x1024 or any other square NxN with N a multiple of 32 ' +
    `up to ${MOST_PIXELS} (training is square; the --input-size of otx export takes any width x height)`;
  return { schema, type: 'size', allowed };
}

/** A text of a form of its own. @param allowed the form in words */
export function text(fits: (text: string) => boolean, allowed: string): Kind<string> {
  const schema = z.preprocess((value) => String(value).trim(), z.string().refine(fits));
  return { schema, type: 'text', allowed };
}

/** Windows of images: `auto`, `off`, or the size of one such as `512` or `640x480`. */
export function tileSize(): Kind<string> {
  const parse = (value: unknown) => {
    const text = String(value).trim().toLowerCase();
    if (text === 'auto' || text === 'off') return text;
    const size = parseTile(text);
    return size ? `${size.width}x${size.height}` : undefined;
  };
  const schema = z.preprocess(parse, z.string().regex(/^(auto|off|\d+x\d+)$/));
  const allowed = `auto, off, or a size in pixels from ${LEAST_TILE} to ${MOST_TILE} such as 512 or 640x480`;
  return { schema, type: 'size', allowed };
}

const [LEAST_TILE, MOST_TILE] = [32, 16384];

/** The size that a text of the setting `tile` names; undefined for one that names none. */
export function parseTile(text: string): { readonly width: number; readonly height: number } | undefined {
  const match = /^(\d{1,5})(?:x(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [width, height] = [Number(match[1]), Number(match[2] ?? match[1])];
  const isAllowed = [width, height].every((side) => side >= LEAST_TILE && side <= MOST_TILE);
  return isAllowed ? { width, height } : undefined;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** NaN for what is no number, or one that is too small to be told from 0. The zero is always the positive one. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return value + 0;
  if (typeof value !== 'string' || !NUMBER.test(value.trim())) return Number.NaN;
  const number = Number(value);
  const [digits = ''] = value.split(/e/i);
  return number === 0 && /[1-9]/.test(digits) ? Number.NaN : number + 0;
}
