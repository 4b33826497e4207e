/** @file Why a weight file is refused: thrown deep inside the readers, told to the user once the file's name is known. */

import { OtxError } from '../base/errors.js';

export { quoted, unquoted } from '../base/text.js';

/** A reason without the file's name; {@link namingFile} adds it. */
export class Unusable extends Error {}

/** @throws Unusable always. */
export function unusable(reason: string): never {
  throw new Unusable(reason);
}

/**
 * Runs `work` on a file.
 *
 * @param kind what the file was taken for, as in "not a usable PyTorch file".
 * @throws OtxError `checkpoint` with the file's name in place of an {@link Unusable}.
 */
export async function namingFile<T>(source: string, kind: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    throw new OtxError('checkpoint', `${source}: not a usable ${kind} (${error.message})`, { cause: error });
  }
}
