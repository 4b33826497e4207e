/** @file Finds what trainings have left: the weights of a run, and the newest of several runs. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../base/parse-json.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../base/read-file.js';
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
 * The run whose weights were written last. Of several trainings in one study it is the one that the study says to use.
 *
 * @param folder that holds the folders of runs and studies; it need not be there.
 * @returns the folder of the run; undefined where no run has weights.
 */
export async function latestRun(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const runs = await Promise.all(
    names.map(async (name) => {
      const run = (await runOfStudy(join(folder, name))) ?? '';
      return { name: join(name, run), time: (await written(join(folder, name, run)))?.time };
    }),
  );
  const [latest] = runs
    .flatMap(({ name, time }) => (time === undefined ? [] : [{ name, time }]))
    .sort((a, b) => b.time - a.time || b.name.localeCompare(a.name, 'en'));
  return latest && join(folder, latest.name);
}

/** Name of the results of a study. */
export const STUDY_RESULTS_FILE = 'results.json';
const STUDY_KIND: FileKind = {
  code: 'output',
  expected: 'the results of a study (results.json)',
  maxBytes: MOST_BYTES.json,
};
const chosenSchema = z.looseObject({
  best: z.string().regex(/^[\w-]+$/),
  final: z.literal('final').optional(),
});

/** The run of a study that its results name, below its folder; undefined for a folder that is none. */
async function runOfStudy(study: string): Promise<string | undefined> {
  try {
    const { best, final } = chosenSchema.parse(
      parseJson(await readTextOf(join(study, STUDY_RESULTS_FILE), STUDY_KIND)),
    );
    return join('runs', final ?? best);
  } catch {
    return undefined;
  }
}

async function written(run: string): Promise<{ path: string; time: number } | undefined> {
  const path = join(run, 'models', WEIGHTS_FILE);
  const facts = await stat(path).catch(() => undefined);
  return facts?.isFile() ? { path, time: facts.mtimeMs } : undefined;
}
