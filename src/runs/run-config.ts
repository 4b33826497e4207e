/** @file What a training was asked to do, as one YAML file that can be printed, kept in the run folder and read back. */

import { stringify } from 'yaml';
import { z } from 'zod';
import { OtxError, option } from '../base/errors.js';
import { MOST_THREADS } from '../base/most-threads.js';
import { readYaml } from '../base/read-yaml.js';
import { switchSchema } from '../base/switch.js';

const value = z.union([z.number(), z.string(), z.boolean()]);

/** Keys are those of the command line's flags, with underscores. */
export const runConfigSchema = z.strictObject({
  /** Name of a template, or path of its file. */
  template: z.string(),
  train_data_roots: z.string().optional(),
  val_data_roots: z.string().optional(),
  /** Folder of images without masks, or a list of them. */
  unlabeled_data_roots: z.string().optional(),
  /** Which of them to use. */
  unlabeled_file_list: z.string().optional(),
  /** Layout of the data sets; found out when left out. */
  data_format: z.string().optional(),
  /** Whether masks go through polygons, as in the reference; false when left out. */
  use_otx_adapter: switchSchema.optional(),
  /** Readings of the data sets, where their files leave several open. */
  assume: z.string().optional(),
  output: z.string().optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  /** Weights to start from. */
  load_weights: z.string().optional(),
  /** Whether to start from the published ImageNet backbone; false when left out. */
  pretrained: switchSchema.optional(),
  /** Threads of the engine; results depend on it in the last bits. */
  threads: z.int().min(1).max(MOST_THREADS).optional(),
  /** In seconds. */
  time_budget: z.number().positive().optional(),
  /**
   * What `auto_adapt_batch_size` has found: it does not look again for a configuration with this batch size, which so gives
   * the same training everywhere.
   */
  adapted_batch_size: z.int().min(1).optional(),
  /** By group and name; the template's table checks them. */
  hyper_parameters: z.record(z.string(), z.record(z.string(), value)),
});

/** A training as it was asked for. */
export type RunConfig = Readonly<z.infer<typeof runConfigSchema>>;

/** Options of the API whose values the schema judges, by their names in a configuration. */
const NAMES: Readonly<Record<string, string>> = {
  seed: 'seed',
  threads: 'threads',
  time_budget: 'timeBudgetSeconds',
  adapted_batch_size: 'adaptedBatchSize',
};

/**
 * Makes sure that a configuration can be read back: a run that could not be resumed or evaluated is not begun.
 *
 * @throws OtxError `usage` naming the option.
 */
export function checkRunConfig(config: RunConfig): void {
  const [issue] = runConfigSchema.safeParse(config).error?.issues ?? [];
  if (!issue) return;
  const [key = ''] = issue.path.map(String);
  const found = String(config[key as keyof RunConfig]);
  throw new OtxError(
    'usage',
    `${option(NAMES[key] ?? key)} is ${found}, which is not allowed (${issue.message})`,
  );
}

/** The YAML text of a configuration. */
export function formatRunConfig(config: RunConfig): string {
  return stringify(config, { lineWidth: 0 });
}

/**
 * Reads a configuration, of which everything may be left out.
 *
 * @throws OtxError `usage` naming the file and the entry that is wrong; settings are checked elsewhere.
 */
export async function readRunConfig(path: string): Promise<Partial<RunConfig>> {
  const content = await readYaml(path, 'a configuration of otx train in YAML');
  const parsed = runConfigSchema.partial().safeParse(content ?? {});
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path: at, message }) => `${at.join('.') || 'content'}: ${message}`,
  );
  throw new OtxError('usage', `${path}: not a configuration of otx train (${issues.join('; ')})`);
}
