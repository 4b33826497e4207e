/** @file What can be done with the settings of a record: check, fill in, translate between the names of the API and of files. */

import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { OtxError, option } from '../base/errors.js';
import { shown } from '../base/shown.js';
import type { GroupedValuesOf, Setting, SettingRecord, ValuesOf } from './setting.js';

/** Some of the values of groups. */
export type Overrides<V> = { readonly [G in keyof V]?: { readonly [N in keyof V[G]]?: V[G][N] } };

/** A setting under all of its names. */
export type NamedSetting = Setting & {
  /** In the API. */
  readonly key: string;
  /** First part of its name in files. */
  readonly group: string;
  /** Second part of its name in files. */
  readonly name: string;
};

/** The settings of a record at work. */
export interface Vocabulary<R extends SettingRecord> {
  /** In the order of the record. */
  readonly entries: readonly NamedSetting[];
  /** Values where nobody says otherwise. */
  readonly defaults: GroupedValuesOf<R>;
  /** The setting of a group and name; undefined for an unknown one. */
  find(group: string, name: string | undefined): NamedSetting | undefined;
  /**
   * Values of unknown origin, by group and name, with their types. Numbers may be given as text.
   *
   * @throws OtxError `usage` naming the setting, its value and what is allowed, or the nearest name of an unknown one.
   */
  check(values: unknown): Overrides<GroupedValuesOf<R>>;
  /** @returns `base` with `overrides` on top, which are checked. @throws OtxError `usage` as {@link check} */
  resolve(base: GroupedValuesOf<R>, overrides: unknown): GroupedValuesOf<R>;
  /** From names of the API to those of files; what has no value is left out. Other names are passed over. */
  toGroups(values: Partial<ValuesOf<R>>): Overrides<GroupedValuesOf<R>>;
  /** From names of files to those of the API; what has no value is left out. */
  toFlat(values: Overrides<GroupedValuesOf<R>>): Partial<ValuesOf<R>>;
  /** The values of the API as a JSON Schema; `defaults` are told in it. */
  jsonSchema(defaults: GroupedValuesOf<R>): Record<string, unknown>;
}

type Groups = Record<string, Record<string, unknown>>;

/** @param record settings by their names in the API. */
export function createVocabulary<const R extends SettingRecord>(record: R): Vocabulary<R> {
  const entries = Object.entries(record).map(([key, setting]): NamedSetting => {
    const [group = '', name = ''] = setting.param.split('.');
    return { ...setting, key, group, name };
  });
  const find = (group: string, name: string | undefined) =>
    entries.find((entry) => entry.group === group && entry.name === name);
  const fill = (pick: (entry: NamedSetting) => unknown): Groups => {
    const result: Groups = {};
    for (const entry of entries) {
      const value = pick(entry);
      if (value !== undefined) result[entry.group] = { ...result[entry.group], [entry.name]: value };
    }
    return result;
  };
  const check = (values: unknown): Groups => {
    const result: Groups = {};
    for (const [group, name] of names(values)) {
      const entry = find(group, name);
      if (!entry) throw unknownParameter(name === undefined ? group : `${group}.${name}`, entries);
      const value = lookUp(values, group, entry.name);
      if (value === undefined) continue;
      const parsed = entry.schema.safeParse(value);
      if (!parsed.success) throw refused(entry.param, value, entry.allowed);
      result[group] = { ...result[group], [entry.name]: parsed.data };
    }
    return result;
  };
  return {
    entries,
    defaults: fill((entry) => entry.default) as GroupedValuesOf<R>,
    find,
    check: (values) => check(values) as Overrides<GroupedValuesOf<R>>,
    resolve: (base, overrides) => {
      const checked = check(overrides);
      return fill(
        ({ group, name }) => lookUp(checked, group, name) ?? lookUp(base, group, name),
      ) as GroupedValuesOf<R>;
    },
    toGroups: (values) =>
      fill(({ key }) => (values as Readonly<Record<string, unknown>>)[key]) as Overrides<GroupedValuesOf<R>>,
    toFlat: (values) =>
      Object.fromEntries(
        entries
          .map(({ key, group, name }) => [key, lookUp(values, group, name)])
          .filter(([, value]) => value !== undefined),
      ),
    jsonSchema: (defaults) => {
      const registry = z.registry<Record<string, unknown>>();
      const shape = entries.map(({ key, schema, ...entry }) => {
        const { description, param, unit, affects, onResume } = entry;
        const told = { description, default: lookUp(defaults, entry.group, entry.name) };
        const own = { param, unit, affects, onResume };
        const given = Object.entries(own).filter(([, value]) => value !== undefined);
        const named = given.map(([name, value]) => [`x-${name}`, value]);
        registry.add(schema, { ...told, ...Object.fromEntries(named) });
        return [key, schema.optional()];
      });
      return z.toJSONSchema(z.strictObject(Object.fromEntries(shape)), { metadata: registry });
    },
  };
}

function refused(param: string, value: unknown, allowed: string): OtxError {
  const text = `parameter ${option(param)} is ${shown(value)}; allowed is ${allowed}`;
  return new OtxError('usage', text);
}

function unknownParameter(given: string, entries: readonly NamedSetting[]): OtxError {
  const known = entries.map(({ param }) => param);
  const nearest = closest(given, known);
  const hint =
    distance(given, nearest) <= given.length / 2
      ? `did you mean ${nearest}?`
      : `known are ${known.join(', ')}`;
  return new OtxError('usage', `unknown parameter ${option(given)}; ${hint}`);
}

/** Pairs of group and name in a nested object; a group that holds no object is a pair without a name. */
function names(values: unknown): [group: string, name: string | undefined][] {
  if (!isRecord(values)) return [];
  return Object.entries(values).flatMap(([group, members]): [string, string | undefined][] => {
    if (members === undefined) return [];
    return isRecord(members) ? Object.keys(members).map((name) => [group, name]) : [[group, undefined]];
  });
}

function lookUp(values: unknown, group: string, name: string): unknown {
  const members = isRecord(values) ? values[group] : undefined;
  return isRecord(members) ? members[name] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
