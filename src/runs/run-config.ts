/** @file What a training was asked to do, as one YAML file that can be printed, kept in the run folder and read back. */

import { Document } from 'yaml';
import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { readYaml } from '../base/read-yaml.js';
import { shown } from '../base/shown.js';
import type { RunOptionRecord } from '../settings/run-option.js';
import { type RunFileValues, type RunVocabulary, runVocabulary } from '../settings/run-vocabulary.js';
import { commentAbove, commentLines } from './yaml-comments.js';

const value = z.union([z.number(), z.string(), z.boolean()]);

/**
 * A training as it was asked for: its template, its options under the names of the command line's flags with underscores,
 * and its settings.
 */
export interface RunConfig extends RunFileValues {
  /** Name of a template, or path of its file. */
  readonly template: string;
  /** Seed of everything random. */
  readonly seed: number;
  /** Options of which no file holds the values, functions and images in memory: only the program that has them can repeat it. */
  readonly from_program?: readonly string[] | undefined;
  /** By group and name; checked where they are used. */
  readonly hyper_parameters: Readonly<Record<string, Record<string, number | string | boolean>>>;
}

/** @param vocabulary the options that a configuration may have, besides its template and settings. */
export const configShapeOf = <R extends RunOptionRecord>(vocabulary: RunVocabulary<R>) =>
  z.strictObject({
    template: z.string(),
    ...vocabulary.fileShape,
    from_program: z.array(z.string()).optional(),
    hyper_parameters: z.record(z.string(), z.record(z.string(), value)),
  });

const configShape = configShapeOf(runVocabulary);

/** Checks a complete configuration. */
export const runConfigSchema = configShape.required({
  seed: true,
} as never) as unknown as z.ZodType<RunConfig>;

/** What comments of a configuration say. */
export interface ConfigComments {
  /** Paragraphs above everything. */
  readonly head?: readonly string[];
  /** Why settings have their values, by group and name (`learning_parameters.num_iters`). */
  readonly reasons?: ReadonlyMap<string, string>;
}

/** The YAML text of a configuration. */
export function formatRunConfig(
  config: Partial<RunConfig>,
  { head = [], reasons = new Map() }: ConfigComments = {},
): string {
  const document = new Document(config);
  if (head.length > 0) document.commentBefore = commentLines(head);
  for (const [param, reason] of reasons) {
    commentAbove(document, ['hyper_parameters', ...param.split('.')], reason);
  }
  return document.toString({ lineWidth: 0 });
}

/**
 * Reads a configuration, of which everything may be left out.
 *
 * @throws OtxError `usage` naming the file and the entry that is wrong; settings are checked elsewhere.
 */
export async function readRunConfig(path: string): Promise<Partial<RunConfig>> {
  const content = await readYaml(path, 'a configuration of otx train in YAML');
  const parsed = configShape.partial().safeParse(content ?? {});
  if (parsed.success) return parsed.data as Partial<RunConfig>;
  const issues = parsed.error.issues.map(({ path: at, message }) => {
    const allowed = runVocabulary.entries.find(({ file }) => file !== undefined && file === at[0])?.allowed;
    const reason =
      allowed === undefined ? message : `found ${shown(entryOf(content, at))}; allowed is ${allowed}`;
    return `${at.join('.') || 'content'}: ${reason}`;
  });
  throw new OtxError('usage', `${path}: not a configuration of otx train (${issues.join('; ')})`);
}

const entryOf = (content: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)[key], content);
