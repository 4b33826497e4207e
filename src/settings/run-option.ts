/** @file What is known of an option of a training that is no setting, and the types that follow from a record of them. */

import type { z } from 'zod';
import type { RunKind } from './run-kinds.js';

/** One option: what it may be, what it is called elsewhere, and what it does. */
export interface RunOption extends RunKind<unknown> {
  /** Its name in configuration files; none for what belongs to one call alone. */
  readonly file?: string;
  /** A parameter behind `params` that means the same. */
  readonly param?: `${string}.${string}`;
  /** Its flag of `otx train`, as commander writes it. */
  readonly flag?: string;
  /** Of a switch whose flag has an opposite (`--no-…`): what that does. */
  readonly off?: string;
  /**
   * What a run that goes on takes: any value (`free`), another path to the same data (`moved`), or only the one it began with
   * (`fixed`).
   */
  readonly onResume: 'free' | 'moved' | 'fixed';
  /** In a sentence. */
  readonly description: string;
  /** What the help of the flag says instead. */
  readonly help?: string;
}

/** Options by their names in the API. */
export type RunOptionRecord = Readonly<Record<string, RunOption>>;

type Value<O extends RunOption> = z.infer<O['schema']>;

/** Values of some options of a record, under their names in the API. */
export type RunValuesOf<R extends RunOptionRecord> = {
  readonly [N in keyof R]?: Value<R[N]> | undefined;
};

type FileName<O> = O extends { readonly file: infer F extends string } ? F : never;

/** Values of some options of a record, under their names in files. */
export type RunFileValuesOf<R extends RunOptionRecord> = {
  readonly [N in keyof R as FileName<R[N]>]?: Value<R[N]> | undefined;
};
