/** @file A list of bad files that is too long for an error message, as a file in the output folder. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { OtxError } from '../base/errors.js';
import { makeFolder } from '../base/make-folder.js';

/** Has one problem a line. */
export const PROBLEMS_FILE = 'problems.txt';
/** What is not longer stands in the message as a whole. */
const SHORT = 20;

/**
 * Runs a job; when it fails with a long list of problems, all of them are written into `folder`, and the error says so.
 *
 * @param folder undefined for none. One that holds anything else than such a list is left alone unless it `isOurs`.
 */
export async function withProblemList<T>(
  folder: string | undefined,
  job: () => Promise<T>,
  { isOurs = false } = {},
): Promise<T> {
  try {
    return await job();
  } catch (error) {
    if (folder === undefined || !(error instanceof OtxError) || error.problems.length <= SHORT) throw error;
    const { code, message, problems } = error;
    if (!isOurs && !(await isFree(folder))) throw error;
    const file = join(folder, PROBLEMS_FILE);
    const written = await makeFolder(folder)
      .then(() => writeFileAtomic(file, `${problems.join('\n')}\n`))
      .then(() => true)
      .catch(() => false);
    if (!written) throw error;
    throw new OtxError(code, `${message}\n  the whole list is in ${file}`, { cause: error, problems });
  }
}

/** Whether a folder does not exist yet, or holds nothing but the list of an earlier attempt. */
async function isFree(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? [] : undefined,
  );
  return names?.every((name) => name === PROBLEMS_FILE) ?? false;
}
