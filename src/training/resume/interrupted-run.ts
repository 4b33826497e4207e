/** @file Finds a run that is to go on, and checks that it may. */

import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { OtxError, option } from '../../base/errors.js';
import { otxCommand } from '../../base/shell.js';
import {
  type Checkpoint,
  LAST_FILE,
  loadCheckpoint,
  type ResumeInfo,
  WEIGHTS_FILE,
} from '../../runs/checkpoint.js';
import type { RunConfig } from '../../runs/run-config.js';
import type { StopReason } from '../../runs/run-state.js';
import { checkHyperParameters, settings } from '../../settings/index.js';
import { type NamedRunOption, runVocabulary } from '../../settings/run-vocabulary.js';

/** A run that was interrupted, or has ended. */
export interface InterruptedRun {
  /** Root of its folder. */
  readonly root: string;
  /** Its newest checkpoint. */
  readonly file: string;
  readonly checkpoint: Checkpoint;
  readonly resume: ResumeInfo;
}

/**
 * Opens a run that was interrupted, or has ended.
 *
 * @param path the run's folder, its `models` folder, or `models/last.safetensors`.
 * @throws OtxError `checkpoint` when there is none, it is damaged or holds weights alone.
 */
export async function openInterruptedRun(path: string): Promise<InterruptedRun> {
  const file = await findLast(path);
  const checkpoint = await loadCheckpoint(file);
  const { resume } = checkpoint.info;
  if (!resume) {
    throw new OtxError(
      'checkpoint',
      `${file}: holds weights, but not the state of a training; resume from the run's ${LAST_FILE}, or start a new ` +
        `run with --load-weights ${file}`,
    );
  }
  const folder = dirname(file);
  const root = dirname(folder);
  if (basename(folder) !== 'models') {
    throw new OtxError(
      'checkpoint',
      `${file}: is not in the models folder of a run; give the folder of the run`,
    );
  }
  return { root, file, checkpoint, resume };
}

/** @throws OtxError `checkpoint` for a finished run, with what may be done instead of going on. */
export function checkUnfinished({ root, resume }: InterruptedRun): void {
  const { finished, epoch } = resume.state;
  if (!finished) return;
  const { template, train_data_roots, val_data_roots, unlabeled_data_roots, unlabeled_file_list } =
    resume.config;
  const data = {
    '--train-data-roots': train_data_roots,
    '--val-data-roots': val_data_roots,
    '--unlabeled-data-roots': unlabeled_data_roots,
    '--unlabeled-file-list': unlabeled_file_list,
    '--load-weights': root,
  };
  const flags = Object.entries(data)
    .filter(([, path]) => path !== undefined)
    .flatMap(([flag, path]) => [flag, path as string]);
  const extend = `give it more ${option('learning_parameters.num_iters')} than ${epoch}, or `;
  throw new OtxError(
    'checkpoint',
    `${root}: this training is finished (${REASONS[finished]} after ${epoch} epochs); ` +
      `${finished === 'time-budget' ? '' : extend}to train on from its weights ` +
      `start a new run: ${otxCommand('train', template, ...flags, '-o', 'NEW_FOLDER')}`,
  );
}

/**
 * Makes sure, once its folder is locked, that nobody has gone on with a run since it was opened.
 *
 * @throws OtxError `checkpoint`
 */
export async function checkStillThere({ root, file, resume }: InterruptedRun): Promise<void> {
  const { info } = await loadCheckpoint(file);
  if (isDeepStrictEqual(info.resume?.state, resume.state)) return;
  throw new OtxError(
    'checkpoint',
    `${root}: another process has gone on with this run in the meantime; try again`,
  );
}

const REASONS: Readonly<Record<StopReason, string>> = {
  epochs: 'all epochs done',
  'early-stopping': 'stopped early',
  'time-budget': 'time was up',
  callback: 'its program asked for the end',
};

/**
 * Refuses to go on with other choices than the run began with, where what it learns depends on them.
 *
 * @param asked what was given besides the run; what is undefined is taken from it.
 * @param options those that configurations have.
 * @throws OtxError `usage` naming the first difference.
 */
export function checkSameConfig(
  root: string,
  before: RunConfig,
  asked: Partial<RunConfig>,
  { entries }: { readonly entries: readonly NamedRunOption[] } = runVocabulary,
): void {
  const differs = (name: string, now: unknown, then: unknown) =>
    new OtxError(
      'usage',
      `${root}: cannot go on with ${option(name)} ${now ?? 'not given'}, the run began with ${then ?? 'none'}; leave it out, as what ` +
        `has been learned depends on it, or start a new run with --load-weights ${root}`,
    );
  for (const { key, file, type, onResume } of entries) {
    if (onResume !== 'fixed') continue;
    const [now, then] = [asked, before].map((config) => config[file as keyof RunConfig]);
    if (now === undefined || now === then) continue;
    // As it is typed on the command line.
    const [shownNow, shownThen] = [now, then].map((value) =>
      type === 'seconds' && value !== undefined ? `${value}s` : value,
    );
    throw differs(key, shownNow, shownThen);
  }
  // Like other data they may have been moved, but a run that began without them would only pass them over.
  if (asked.unlabeled_data_roots !== undefined && before.unlabeled_data_roots === undefined)
    throw differs('unlabeledData', asked.unlabeled_data_roots, undefined);
  for (const [group, members] of Object.entries(checkHyperParameters(asked.hyper_parameters))) {
    for (const [name, value] of Object.entries(members ?? {})) {
      const then = before.hyper_parameters[group]?.[name];
      const isFixed = settings.find(group, name)?.onResume === 'fixed';
      if (value !== then && isFixed) throw differs(`${group}.${name}`, value, then);
    }
  }
}

async function findLast(path: string): Promise<string> {
  const kind = await stat(path).catch(() => undefined);
  if (kind?.isFile()) return path;
  const candidates = ['models', ''].map((folder) => join(path, folder, LAST_FILE));
  for (const candidate of candidates) if (await stat(candidate).catch(() => undefined)) return candidate;
  const onlyBest = await stat(join(path, 'models', WEIGHTS_FILE)).catch(() => undefined);
  throw new OtxError(
    'checkpoint',
    `${path}: no interrupted run here (looked for ${candidates.join(' and ')}); ` +
      (onlyBest
        ? `its best weights can be trained on with --load-weights ${path}`
        : 'a run that was stopped before its first step has to be started again'),
  );
}
