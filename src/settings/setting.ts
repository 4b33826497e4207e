/** @file What is known of a setting, and the types that follow from a record of them. */

import type { z } from 'zod';
import type { Kind } from './kinds.js';

/** What has use for some settings of a training. */
export type Operation = 'evaluate' | 'predict' | 'export' | 'augment';

/** One setting: what it may be, what it is when nobody says, what it is called elsewhere, and what it does. */
export interface Setting extends Kind<number | string | boolean> {
  /** Group and name behind `params`, in files and in checkpoints. */
  readonly param: `${string}.${string}`;
  /** A flag of `otx train` that means the same: as commander writes it, and what its help says. */
  readonly flag?: { readonly long: `--${string}`; readonly value: string; readonly help: string };
  /** Of templates that do not say otherwise. */
  readonly default: number | string | boolean;
  /** What a number counts. */
  readonly unit?: string;
  /** Whether the trained model depends on it, or only the time that it takes. */
  readonly affects: 'result' | 'speed';
  /** Whether a run that goes on may have another value: any, a larger one, or none, as what was learned depends on it. */
  readonly onResume: 'free' | 'extend' | 'fixed';
  /** What takes it besides a training: it may be changed for a trained model, or for what shows a training. */
  readonly usedBy?: readonly Operation[];
  /** In a sentence, without its range. */
  readonly description: string;
}

/** Settings by their names in the API. */
export type SettingRecord = Readonly<Record<string, Setting>>;

type Value<S extends Setting> = z.infer<S['schema']>;

/** Values of all settings of a record, under their names in the API. */
export type ValuesOf<R extends SettingRecord> = { readonly [N in keyof R]: Value<R[N]> };

/** Names in the API of those that an operation takes. */
export type NamesUsedBy<R extends SettingRecord, O extends Operation> = {
  [N in keyof R]: R[N] extends { readonly usedBy: readonly (infer U)[] } ? (O extends U ? N : never) : never;
}[keyof R];

type GroupOf<P> = P extends `${infer G}.${string}` ? G : never;
type NameIn<P, G extends string> = P extends `${G}.${infer N}` ? N : never;

/** Values of all settings of a record, by group and name, as files and the command line call them. */
export type GroupedValuesOf<R extends SettingRecord> = {
  readonly [G in GroupOf<R[keyof R]['param']>]: {
    readonly [N in keyof R as NameIn<R[N]['param'], G>]: Value<R[N]>;
  };
};
