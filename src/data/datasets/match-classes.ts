/** @file Reads a data set with the class numbers of another list of classes: names say what is the same, not positions. */
import { OtxError } from '../../base/errors.js';
import type { ClassInfo, Dataset } from '../types.js';
import { listSome } from './problems.js';

export interface MatchedClasses {
  /** The same samples; its classes, and the values of its masks once read, are those of the list. */
  readonly dataset: Dataset;
  /** Index in the list of each class of the data set, in the order of the data set. */
  readonly indices: readonly number[];
  /** What a careful reader should know: that the order differs, that classes are missing. One sentence each. */
  readonly notices: readonly string[];
}

/**
 * Matches the classes of a data set by name with those of `known`.
 *
 * @param owner of the list, named in errors and notices, e.g. "the model".
 * @throws OtxError `dataset` when the data set has classes that are not in the list.
 */
export function matchClasses(dataset: Dataset, known: readonly ClassInfo[], owner: string): MatchedClasses {
  const { root, classes, decodeMask } = dataset;
  const [names, ours] = [known, classes].map((list) => list.map(({ name }) => name)) as [string[], string[]];
  const indices = ours.map((name) => names.indexOf(name));
  const foreign = ours.filter((_, index) => indices[index]! < 0);
  if (foreign.length > 0) {
    throw new OtxError(
      'dataset',
      `${root}: its classes (${ours.join(', ')}) include ${foreign.join(', ')}, which ${owner} does not have ` +
        `(${names.join(', ')}); rename or remove ${foreign.length > 1 ? 'them' : 'it'} in the meta file`,
    );
  }
  const notices: string[] = [];
  if (indices.some((index, i) => i > 0 && index < indices[i - 1]!)) {
    notices.push(
      `${root}: its classes are in another order than those of ${owner} and were matched by name: ` +
        ours.map((name, i) => `${name} ${i} -> ${indices[i]}`).join(', '),
    );
  }
  const missing = names.filter((name) => !ours.includes(name));
  if (missing.length > 0) {
    notices.push(
      `${root}: does not have ${missing.length > 1 ? 'the classes' : 'the class'} ${listSome(missing)} of ${owner}; ` +
        'a pixel that is predicted as such counts as wrong',
    );
  }
  const isSame = indices.every((index, i) => index === i);
  const coding = isSame ? decodeMask : { ...decodeMask, renumbered: indices };
  return { dataset: { ...dataset, classes: known, decodeMask: coding }, indices, notices };
}
