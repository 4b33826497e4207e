/** @file What options of a training may be that are no settings: paths, seeds, durations; in a program, a file, and as a flag. */

import { z } from 'zod';
import { parseSwitch, SWITCH_WORDS, switchSchema } from '../base/switch.js';

/** A schema with what messages say of it. */
export interface RunKind<T> {
  /** Checks a value of a program or of a file. */
  readonly schema: z.ZodType<T>;
  readonly type: 'path' | 'text' | 'integer' | 'float' | 'seconds' | 'boolean' | 'choice' | 'interval';
  /** Type and range in words. */
  readonly allowed: string;
  /** All values, where they can be listed. */
  readonly words?: readonly string[];
  /** What the text of a flag means; the schema still has to check it. */
  readonly fromText: (text: string) => unknown;
}

/** A file or a folder. */
export function path(): RunKind<string> {
  return { schema: z.string().min(1), type: 'path', allowed: 'a path', fromText: String };
}

/** Any text; whoever uses it tells what is unknown. */
export function anyText(): RunKind<string> {
  return { schema: z.string(), type: 'text', allowed: 'any text', fromText: String };
}

/** Text, as {@link anyText}. @param words what there is to choose from */
export function oneOf(words: readonly string[]): RunKind<string> {
  return { ...anyText(), allowed: `one of ${words.join(', ')}`, words };
}

/** One of these words, in any case. */
export function word<const W extends readonly [string, ...string[]]>(words: W): RunKind<W[number]> {
  const lowered = (value: unknown) => (typeof value === 'string' ? value.trim().toLowerCase() : value);
  return {
    schema: z.preprocess(lowered, z.enum(words)) as unknown as z.ZodType<W[number]>,
    type: 'choice',
    allowed: `one of ${words.join(', ')}`,
    words,
    fromText: lowered,
  };
}

/** A whole number. @param what it is a number of, such as `threads` */
export function count({ min, max, what }: { min: number; max?: number; what?: string }): RunKind<number> {
  const allowed = what === undefined ? 'an integer' : `a number of ${what}`;
  return {
    schema: z
      .int()
      .min(min)
      .max(max ?? Number.MAX_SAFE_INTEGER),
    type: 'integer',
    allowed: `${allowed} from ${min}${max === undefined ? ' on' : ` to ${max}`}`,
    fromText: (text) => (/^\d+$/.test(text) ? Number(text) : Number.NaN),
  };
}

/** A share of something. */
export function share(): RunKind<number> {
  return {
    schema: z.number().gt(0).lt(1),
    type: 'float',
    allowed: 'a number between 0 and 1',
    fromText: (text) => (text.trim() === '' ? Number.NaN : Number(text)),
  };
}

/** On or off. */
export function onOff(): RunKind<boolean> {
  return { schema: switchSchema, type: 'boolean', allowed: SWITCH_WORDS, fromText: parseSwitch };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function secondsOf(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+)([smh])$/.exec(text.trim());
  return Number(match?.[1]) * (SECONDS[match?.[2] ?? ''] ?? Number.NaN);
}

/** A duration: a number of seconds, as text with a unit. */
export function seconds(): RunKind<number> {
  return {
    schema: z.number().positive(),
    type: 'seconds',
    allowed: 'a number of seconds above 0, as text with a unit: 90s, 30m or 1.5h',
    fromText: secondsOf,
  };
}

/** When the newest state is saved besides after every validation; whichever comes first. */
export interface CheckpointInterval {
  /** Steps between checkpoints. Default: no limit. */
  readonly steps?: number;
  /** Seconds between checkpoints. Default 60. */
  readonly seconds?: number;
}

/** What lies between checkpoints. */
export function interval(): RunKind<CheckpointInterval> {
  const positive = z.number().positive().optional();
  return {
    schema: z.strictObject({ steps: positive, seconds: positive }) as z.ZodType<CheckpointInterval>,
    type: 'interval',
    allowed: 'checkpoints after a number of steps, such as 100, or after a duration, such as 5m',
    fromText: (text) =>
      /^[1-9]\d{0,14}$/.test(text) ? { steps: Number(text) } : { seconds: secondsOf(text) },
  };
}
