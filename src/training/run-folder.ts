/** @file The folder of a run: made and tried out before any long work starts, so that no training is lost at its first save. */

import { access, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { messageOf, OtxError } from '../base/errors.js';
import { makeFolder } from '../base/make-folder.js';
import { LAST_FILE, WEIGHTS_FILE } from './checkpoint.js';
import { LABEL_SCHEMA_FILE } from './label-schema.js';

/** Where a training run keeps what. */
export interface RunFolder {
  readonly root: string;
  /** Weights of the best validation so far. */
  readonly best: string;
  /** Newest weights with the state of the optimiser. */
  readonly last: string;
  readonly labelSchema: string;
  /** One line of figures per epoch. */
  readonly history: string;
  /** All that was chosen, in a form that `--config` reads. */
  readonly config: string;
  /** Versions and machine. */
  readonly environment: string;
}

function runFolderAt(root: string): RunFolder {
  const models = join(root, 'models');
  return {
    root,
    best: join(models, WEIGHTS_FILE),
    last: join(models, LAST_FILE),
    labelSchema: join(models, LABEL_SCHEMA_FILE),
    history: join(root, 'results.csv'),
    config: join(root, 'config.yaml'),
    environment: join(root, 'environment.json'),
  };
}

/**
 * Makes the folder of a new run.
 *
 * @throws OtxError `output` when it cannot be written, or already holds the weights of another run, or files of other origin
 * under the names of a run's: those are not overwritten.
 */
export async function createRunFolder(root: string): Promise<RunFolder> {
  const folder = runFolderAt(root);
  for (const weights of [folder.best, folder.last]) {
    if (await exists(weights)) {
      throw new OtxError(
        'output',
        `${root}: holds an earlier run (${weights}); go on with it by --resume-from ${root}, or choose another ` +
          'folder or remove it',
      );
    }
  }
  // A run that was stopped before its first checkpoint has left a label schema, which is written before the others.
  if (!(await exists(folder.labelSchema))) {
    for (const file of [folder.history, folder.config, folder.environment]) {
      if (!(await exists(file))) continue;
      throw new OtxError(
        'output',
        `${file}: is not from a training and would be overwritten; choose another output folder or move the file`,
      );
    }
  }
  await makeWritableFolder(join(root, 'models'));
  return folder;
}

/**
 * Opens the folder of an interrupted run to go on in it, and removes what a write that was killed has left behind.
 *
 * @throws OtxError `output` when it cannot be written.
 */
export async function reopenRunFolder(root: string): Promise<RunFolder> {
  const folder = runFolderAt(root);
  const models = dirname(folder.last);
  await makeWritableFolder(models);
  await makeWritableFolder(dirname(folder.history));
  for (const name of await readdir(models)) {
    if (/^\..*\.safetensors\.[0-9a-f]{8}\.tmp$/.test(name)) await rm(join(models, name), { force: true });
  }
  return folder;
}

/**
 * Makes a folder and its parents, and writes a file into it to be sure.
 *
 * @throws OtxError `output` naming the folder and the reason.
 */
export async function makeWritableFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (error) {
    throw new OtxError(
      'output',
      `${folder}: this output folder cannot be made (${messageOf(error)}); choose another one`,
      { cause: error },
    );
  }
  const probe = join(folder, '.otx-write-test');
  await writeFileAtomic(probe, '');
  await rm(probe, { force: true });
}

/** `<base>/<YYYYmmdd_HHMMSS>_<operation>` in local time; with a number behind it when that exists. */
export async function timestampedFolder(base: string, operation: string, now = new Date()): Promise<string> {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const name = join(base, `${date}_${time}_${operation}`);
  let candidate = name;
  for (let n = 2; await exists(candidate); n++) candidate = `${name}_${n}`;
  return candidate;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
