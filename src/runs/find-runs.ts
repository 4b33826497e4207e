/** @file Finds what trainings have left: the weights of a run, and the newest of several runs. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WEIGHTS_FILE } from './checkpoint.js';

/**
 * The best weights of a run.
 *
 * @param run its folder.
 * @returns the path of the file; undefined where there is none, as nothing has been validated yet.
 */
export async function weightsOfRun(run: string): Promise<string | undefined> {
  return (await written(run))?.path;
}

/**
 * The run whose weights were written last.
 *
 * @param folder that holds the folders of runs; it need not be there.
 * @returns the folder of the run; undefined where no run has weights.
 */
export async function latestRun(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const runs = await Promise.all(
    names.map(async (name) => ({ name, time: (await written(join(folder, name)))?.time })),
  );
  const [latest] = runs
    .flatMap(({ name, time }) => (time === undefined ? [] : [{ name, time }]))
    .sort((a, b) => b.time - a.time || b.name.localeCompare(a.name, 'en'));
  return latest && join(folder, latest.name);
}

async function written(run: string): Promise<{ path: string; time: number } | undefined> {
  const path = join(run, 'models', WEIGHTS_FILE);
  const facts = await stat(path).catch(() => undefined);
  return facts?.isFile() ? { path, time: facts.mtimeMs } : undefined;
}
