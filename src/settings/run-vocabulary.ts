/** @file What can be done with the options of a record: check, translate between the names of the API and of files, describe. */

import { z } from 'zod';
import type { OptionKinds } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { shown } from '../base/shown.js';
import type { RunFileValuesOf, RunOption, RunOptionRecord, RunValuesOf } from './run-option.js';
import { runOptions } from './run-options.js';

/** An option with its name in the API. */
export type NamedRunOption = RunOption & { readonly key: string };

/** The options of a record at work. */
export interface RunVocabulary<R extends RunOptionRecord> {
  /** In the order of the record. */
  readonly entries: readonly NamedRunOption[];
  /** What types a caller may give, all of them optional. */
  readonly kinds: OptionKinds;
  /** Schemas of those that files have, by their names there. */
  readonly fileShape: Readonly<Record<string, z.ZodType>>;
  /** @throws OtxError `usage` naming the first option whose value is not allowed. */
  check(values: RunValuesOf<R>): void;
  /** From names of the API to those of files; what has no value is left out. @param place makes of a path what is written */
  toConfig(values: RunValuesOf<R>, place: (path: string) => string): RunFileValuesOf<R>;
  /** From names of files to those of the API; what has no value is left out. */
  fromConfig(values: RunFileValuesOf<R>): RunValuesOf<R>;
  /** Each as a JSON Schema, by its name in the API. */
  jsonProperties(): Record<string, unknown>;
}

const KIND_OF_TYPE = {
  path: 'path?',
  text: 'string?',
  integer: 'number?',
  float: 'number?',
  seconds: 'number?',
  boolean: 'boolean?',
  choice: 'choice?',
  interval: 'object?',
} as const satisfies Record<RunOption['type'], OptionKinds[string]>;

/** @param record options by their names in the API. */
export function createRunVocabulary<const R extends RunOptionRecord>(record: R): RunVocabulary<R> {
  const entries = Object.entries(record).map(([key, entry]): NamedRunOption => ({ ...entry, key }));
  const inFiles = entries.flatMap((entry) =>
    entry.file === undefined ? [] : [{ ...entry, file: entry.file }],
  );
  const defined = (pairs: readonly (readonly [string, unknown])[]) =>
    Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
  return {
    entries,
    kinds: Object.fromEntries(entries.map(({ key, type }) => [key, KIND_OF_TYPE[type]])),
    fileShape: Object.fromEntries(inFiles.map(({ file, schema }) => [file, schema.optional()])),
    check: (values) => {
      for (const { key, schema, allowed } of entries) {
        const value: unknown = values[key];
        if (value === undefined || schema.safeParse(value).success) continue;
        throw new OtxError('usage', `${option(key)} is ${shown(value)}; allowed is ${allowed}`);
      }
    },
    toConfig: (values, place) =>
      defined(
        inFiles.map(({ key, file, type }) => {
          const value: unknown = values[key];
          return [file, type === 'path' && typeof value === 'string' ? place(value) : value];
        }),
      ) as RunFileValuesOf<R>,
    fromConfig: (values) =>
      defined(
        inFiles.map(({ key, file }) => [key, (values as Readonly<Record<string, unknown>>)[file]]),
      ) as RunValuesOf<R>,
    jsonProperties: () => {
      const registry = z.registry<Record<string, unknown>>();
      const shape = entries.map(({ key, schema, description, file, param, flag, onResume }) => {
        const own = { file, param, flag: flag && longFlag(flag), onResume };
        const named = Object.entries(own).map(([name, value]) => [`x-${name}`, value] as const);
        const copy = schema.clone();
        registry.add(copy, { description, ...defined(named) });
        return [key, copy.optional()];
      });
      const { properties } = z.toJSONSchema(z.object(Object.fromEntries(shape)), { metadata: registry });
      return properties ?? {};
    },
  };
}

/** `--output` of `-o, --output <folder>` */
export const longFlag = (flag: string): string => /--[a-z-]+/.exec(flag)?.[0] ?? flag;

/** All options of a training that are no settings, and what can be done with them. */
export const runVocabulary = createRunVocabulary(runOptions);

/** What types some of them have, all optional. */
export const kindsOf = (...names: readonly (keyof RunOptions)[]): OptionKinds =>
  Object.fromEntries(names.map((name) => [name, runVocabulary.kinds[name]!]));

/** Values for options of a training that are no settings, under their names in the API. */
export interface RunOptions extends RunValuesOf<typeof runOptions> {}

/** Values for some of them, under their names in configuration files. */
export type RunFileValues = RunFileValuesOf<typeof runOptions>;
