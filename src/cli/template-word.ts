/** @file The word behind `otx train`: a template, or the folder of the training data. */

import { statSync } from 'node:fs';
import { OtxError } from '../base/errors.js';
import { loadTemplate } from '../index.js';

/**
 * Whether a word names a folder and no template.
 *
 * @throws OtxError for a word that is neither: `dataset` for a path, else `template` with the nearest names.
 */
export function isDataFolder(word: string): boolean {
  try {
    loadTemplate(word);
    return false;
  } catch (error) {
    const facts = statSync(word, { throwIfNoEntry: false });
    if (facts?.isDirectory()) return true;
    if (/\.ya?ml$/i.test(word) || !(error instanceof OtxError)) throw error;
    if (facts) throw neither(word, 'is a file, and no template');
    if (/[\\/]/.test(word)) throw neither(word, 'there is no such folder');
    throw new OtxError(error.code, `${error.marked}; nor is there a folder of this name`, { cause: error });
  }
}

const neither = (path: string, found: string): OtxError =>
  new OtxError(
    'dataset',
    `${path}: ${found}; expected a folder with training data (archives are unpacked first), or the name of a template ("otx find" ` +
      'lists them)',
  );
