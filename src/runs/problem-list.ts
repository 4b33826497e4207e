/** @file A list of bad files that is too long for an error message, as a file in the output folder. */

import { readdir } from 'node:fs/promises';
import { OtxError } from '../base/errors.js';
import { MANIFEST_FILE } from '../base/outputs/manifest.js';
import { Outputs } from '../base/outputs/outputs.js';
import type { Inputs } from '../base/outputs/places.js';

/** Has one problem a line. */
export const PROBLEMS_FILE = 'problems.txt';
/** What is not longer stands in the message as a whole. */
const SHORT = 20;

/**
 * Runs a job; when it fails with a long list of problems, all of them are written down, and the error says where.
 *
 * @param to what is open for writing, or a folder, which is left alone when it holds anything else than such a list; undefined
 * for none.
 * @param inputs what the job reads, for a folder.
 */
export async function withProblemList<T>(
  to: Outputs | string | undefined,
  job: () => Promise<T>,
  inputs: Inputs = {},
): Promise<T> {
  try {
    return await job();
  } catch (error) {
    if (to === undefined || !(error instanceof OtxError) || error.problems.length <= SHORT) throw error;
    const { code, marked, problems } = error;
    const text = `${problems.join('\n')}\n`;
    const writing = typeof to === 'string' ? writeAlone(to, text, inputs) : write(to, text);
    const file = await writing.catch(() => undefined);
    if (file === undefined) throw error;
    throw new OtxError(code, `${marked}\n  the whole list is in ${file}`, { cause: error, problems });
  }
}

async function write(outputs: Outputs, text: string): Promise<string> {
  await outputs.write(PROBLEMS_FILE, text);
  return outputs.path(PROBLEMS_FILE);
}

/** Undefined for a folder that is left alone. */
async function writeAlone(root: string, text: string, inputs: Inputs): Promise<string | undefined> {
  if (!(await isFree(root))) return undefined;
  const outputs = await Outputs.open({ root, files: [PROBLEMS_FILE], inputs });
  return write(outputs, text).finally(() => outputs.close());
}

/** Whether a folder does not exist yet, or holds nothing but the list of an earlier attempt. */
async function isFree(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? [] : undefined,
  );
  return names?.every((name) => name === PROBLEMS_FILE || name === MANIFEST_FILE) ?? false;
}
