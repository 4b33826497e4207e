/** @file The word behind `otx train`: a template, or the folder of the training data. */

import { statSync } from 'node:fs';
import { loadTemplate } from '../index.js';

/**
 * Whether a word names a folder and no template.
 *
 * @throws OtxError `template` for a word that is neither, with the nearest names.
 */
export function isDataFolder(word: string): boolean {
  try {
    loadTemplate(word);
    return false;
  } catch (error) {
    if (statSync(word, { throwIfNoEntry: false })?.isDirectory()) return true;
    throw error;
  }
}
