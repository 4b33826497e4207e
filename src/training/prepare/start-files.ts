/** @file The files that a run begins with: what it is, and the table that its epochs fill. */

import type { ClassInfo } from '../../data/index.js';
import { sourceOf } from '../../inference/imported-network.js';
import { History } from '../../runs/history.js';
import { formatLabelSchema } from '../../runs/label-schema.js';
import { formatRunConfig } from '../../runs/run-config.js';
import type { HyperParameters } from '../../settings/index.js';
import { type RecipeValue, reasonsByParam } from '../../templates/index.js';
import type { CompleteConfig, ResumeOptions, TrainOptions } from '../options/train-options.js';
import type { InterruptedRun } from '../resume/interrupted-run.js';
import { repeatable } from './choose-settings.js';
import { describeEnvironment } from './environment.js';
import type { RunFolder } from './run-folder.js';

export interface StartFilesOptions {
  readonly options: TrainOptions | ResumeOptions;
  readonly asked: {
    readonly config: CompleteConfig;
    readonly earlier: InterruptedRun | undefined;
    readonly extension: string | undefined;
  };
  /** What the recipe of a new run chose. */
  readonly byRecipe: readonly RecipeValue[];
  /** More texts, by name. */
  readonly texts: Readonly<Record<string, string>>;
  readonly hyperParameters: HyperParameters;
  readonly classes: readonly ClassInfo[];
  /** Classes and figures that the table has columns for. */
  readonly columns: readonly [readonly ClassInfo[], readonly string[]];
  /** Whether there is a table. */
  readonly isReported: boolean;
}

/** @throws OtxError `output` */
export async function startFiles(
  { outputs, ...files }: RunFolder,
  { options, asked, byRecipe, texts, hyperParameters, classes, columns, isReported }: StartFilesOptions,
): Promise<History | undefined> {
  const { config, earlier, extension } = asked;
  const chosen = () =>
    formatRunConfig(repeatable(config, hyperParameters), { reasons: reasonsByParam(byRecipe) });
  if (!earlier) {
    // Before any weights, which are of no use without it.
    const network = options.model && sourceOf(options.model);
    if (network) await outputs.write(files.network, network);
    await outputs.write(files.labelSchema, formatLabelSchema(classes));
    await outputs.write(files.config, chosen());
    for (const [name, text] of Object.entries(texts)) await outputs.write(name, text);
    const environment = JSON.stringify(describeEnvironment(options.command), null, 2);
    await outputs.write(files.environment, `${environment}\n`);
  }
  if (extension) {
    const note = `# after ${earlier?.resume.state.epoch} epochs: ${extension}`;
    await outputs.write(files.config, `${note}\n${chosen()}`);
  }
  if (!isReported) return undefined;
  return earlier
    ? History.resume(outputs, files.history, earlier.resume.state.epoch, ...columns)
    : History.start(outputs, files.history, ...columns);
}
