/** @file Ways of explaining what a model sees, by their names. */

import { OtxError, option } from '../../base/errors.js';
import { quoted } from '../../base/text.js';

/**
 * Ways of explaining a segmentation. `ClassWiseSaliencyMap`: the probability of each class, and where the features of the backbone are
 * like those of its pixels; `ActivationMap`: where the backbone responds at all; `Entropy`: how unsure the model is; `Occlusion`: what is
 * lost of each class while a part of the picture is covered, which takes 65 times the work.
 */
export const EXPLAIN_ALGORITHMS = ['ClassWiseSaliencyMap', 'ActivationMap', 'Entropy', 'Occlusion'] as const;
/** A way of explaining a segmentation. */
export type ExplainAlgorithm = (typeof EXPLAIN_ALGORITHMS)[number];

/** Those of nobody's choice. */
export const USUAL_ALGORITHMS = 'ClassWiseSaliencyMap,Entropy';

/** @param words names in any case, with commas between them. @throws OtxError `usage` */
export function parseAlgorithms(words: string): ReadonlySet<ExplainAlgorithm> {
  return new Set(
    words.split(',').map((word) => {
      const found = EXPLAIN_ALGORITHMS.find((name) => name.toLowerCase() === word.trim().toLowerCase());
      if (found) return found;
      const known = EXPLAIN_ALGORITHMS.join(', ');
      throw new OtxError(
        'usage',
        `${option('algorithms')}: ${quoted(word.trim())} is not known; expected one or several, with commas, of ${known}`,
      );
    }),
  );
}
