/** @file The folder of a run: made and tried out before any long work starts, so that no training is lost at its first save. */

import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { checkUnlocked } from '../../base/outputs/lock.js';
import { Outputs } from '../../base/outputs/outputs.js';
import type { Inputs } from '../../base/outputs/places.js';
import { NETWORK_FILE } from '../../inference/imported-network.js';
import { PICTURE_FOLDERS } from '../../methods/pictures.js';
import { EVENTS_FILE, isEventLog } from '../../reports/index.js';
import { isEventFile } from '../../reports/tensorboard/event-file.js';
import { LAST_FILE, WEIGHTS_FILE } from '../../runs/checkpoint.js';
import { isHistory, RESULTS_FILE } from '../../runs/history.js';
import { LABEL_SCHEMA_FILE } from '../../runs/label-schema.js';
import { readSafetensorsMetadata } from '../../weights/index.js';

/** Says which process trains in a folder, while it does. */
export const LOCK_FILE = 'run.lock';

/** Where a training run keeps what. */
export interface RunFolder {
  /** As it was given; all other paths are absolute. */
  readonly root: string;
  /** Through which everything in it is written. */
  readonly outputs: Outputs;
  /** Weights of the best validation so far. */
  readonly best: string;
  /** The file of an imported network. */
  readonly network: string;
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

type RunFiles = Omit<RunFolder, 'outputs'>;

function runFilesAt(root: string): RunFiles {
  const at = resolve(root);
  const models = join(at, 'models');
  return {
    root,
    best: join(models, WEIGHTS_FILE),
    network: join(models, NETWORK_FILE),
    last: join(models, LAST_FILE),
    labelSchema: join(models, LABEL_SCHEMA_FILE),
    history: join(at, RESULTS_FILE),
    config: join(at, 'config.yaml'),
    environment: join(at, 'environment.json'),
  };
}

/** Folders of a run that hold nothing but its outputs. */
const FOLDERS = ['models', ...PICTURE_FOLDERS];

/** Temporary names of version 0.1.0. */
const isLitter = (name: string): boolean => /^\.(last|weights)\.safetensors\.[0-9a-f]{8}\.tmp$/.test(name);

/**
 * Makes the folder of a new run.
 *
 * @param inputs what the training reads.
 * @throws OtxError `output` when it cannot be written, lies in the data, is being trained in, or already holds the weights of another run, or files
 * of other origin under the names of a run's: those are not overwritten.
 */
export async function createRunFolder(root: string, inputs: Inputs = {}): Promise<RunFolder> {
  const files = runFilesAt(root);
  const { best, last, labelSchema, history, config, environment } = files;
  const checkNoRun = async () => {
    for (const weights of [best, last]) {
      if (await exists(weights)) {
        throw new OtxError(
          'output',
          `${root}: holds an earlier run (${weights}); go on with it by --resume-from ${root}, or choose another ` +
            'folder or remove it',
        );
      }
    }
  };
  // First of all: a run that is under way cannot be gone on with.
  await checkUnlocked(resolve(root, LOCK_FILE));
  await checkNoRun();
  const planned = [best, last, labelSchema, history, config, environment];
  const plan = { root, files: planned, folders: FOLDERS, inputs, isLitter, lock: LOCK_FILE };
  const outputs = await Outputs.open(plan);
  try {
    // Another may have come and gone before the lock.
    await checkNoRun();
  } catch (error) {
    await outputs.close();
    throw error;
  }
  return { ...files, outputs };
}

/**
 * Opens the folder of an interrupted run to go on in it, and removes what a write that was killed has left behind.
 *
 * @param inputs what the training reads.
 * @throws OtxError `output` when it cannot be written, lies in the data, is being trained in, or when a file that has to be replaced is not the
 * run's any more.
 */
export async function reopenRunFolder(root: string, inputs: Inputs = {}): Promise<RunFolder> {
  const files = runFilesAt(root);
  const { best, last, history } = files;
  // The newest weights have been opened, and are a run's.
  const recognise = async (path: string) =>
    path === last ||
    (path === best && (await readSafetensorsMetadata(best).catch(() => undefined))?.otx !== undefined) ||
    (path === history && (await isHistory(history))) ||
    (path === join(resolve(root), EVENTS_FILE) && (await isEventLog(path))) ||
    (await isEventFile(path));
  const planned = [last, best, history];
  const plan = { root, files: planned, folders: FOLDERS, inputs, recognise, isLitter, lock: LOCK_FILE };
  return { ...files, outputs: await Outputs.open(plan) };
}

/** The folder of a run as a process sees it that trains along with another one, which writes; what it writes itself goes elsewhere. */
export async function createPrivateFolder(root: string): Promise<RunFolder> {
  const own = join(tmpdir(), `otx-rank-${process.pid}`);
  return { ...runFilesAt(root), outputs: await Outputs.open({ root: own }) };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
