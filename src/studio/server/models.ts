/** @file The models of a studio: the best weights of each run, and the other checkpoints beside them. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OtxError } from '../../index.js';
import type { Runs } from './runs.js';

/** What is segmented with. */
export interface ModelFile {
  /** `RUN`, or `RUN@CHECKPOINT` for a checkpoint other than the best weights. */
  readonly id: string;
  readonly run: string;
  /** Absolute. */
  readonly path: string;
  /** Changes when the weights are written again. */
  readonly state: string;
}

const BEST = 'weights';
const ID = /^([\w-]+)(?:@([\w-]+))?$/;
const ENDING = '.safetensors';

/** All models, those of the newest run first, its best weights before its other checkpoints. */
export async function listModels(runs: Runs): Promise<readonly ModelFile[]> {
  const found = await Promise.all((await runs.names()).map((run) => modelsOf(runs, run)));
  return found.flat();
}

async function modelsOf(runs: Runs, run: string): Promise<readonly ModelFile[]> {
  const files = await readdir(join(runs.folder(run), 'models')).catch((): string[] => []);
  const names = files.filter((file) => file.endsWith(ENDING)).map((file) => file.slice(0, -ENDING.length));
  const sorted = names
    .filter((name) => /^[\w-]+$/.test(name))
    .sort((a, b) => rank(a) - rank(b) || order(a, b));
  const ids = sorted.map((name) => (name === BEST ? run : `${run}@${name}`));
  return (await Promise.all(ids.map((id) => modelOf(runs, id).catch(() => [])))).flat();
}

const rank = (name: string): number => (name === BEST ? 0 : 1);
const order = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** A model by its name. @throws OtxError `image` for a name that is none, `usage` for a run without these weights */
export async function modelOf(runs: Runs, id: string): Promise<ModelFile> {
  const [, run, name = BEST] = ID.exec(id) ?? [];
  if (run === undefined) throw new OtxError('image', 'there is no such model');
  const path = join(runs.folder(run), 'models', `${name}${ENDING}`);
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) {
    throw new OtxError(
      'usage',
      `${id}: has no weights yet; wait until it was validated once, or choose another run`,
    );
  }
  return { id, run, path, state: `${facts.size}:${facts.mtimeMs}` };
}
