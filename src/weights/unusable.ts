/** @file Why a weight file is refused: thrown deep inside the readers, told to the user once the file's name is known. */

import { OtxError } from '../base/errors.js';

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

const LONGEST_QUOTE = 120;

/** Text from an untrusted file, fit for one line of a message: control characters escaped, long texts cut. */
export function quoted(text: string): string {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Like {@link quoted}, without the marks. */
export function unquoted(text: string): string {
  return quoted(text).slice(1, -1);
}
