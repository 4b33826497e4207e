/** @file Every operator that is imported, and how one node is. */
import { messageOf, OtxError } from '../../base/errors.js';
import { quoted } from '../../base/text.js';
import { inScope, Tensor } from '../tensor.js';
import { arithmetic, folds } from './arithmetic.js';
import type { Call, Importer } from './call.js';
import { elementwise } from './elementwise.js';
import { movement } from './movement.js';
import { normalizations } from './normalizations.js';
import { poolings } from './pooling.js';
import { products } from './products.js';
import { quantizations } from './quantizations.js';
import { reductions } from './reductions.js';
import { resizes } from './resize.js';
import { checkRank, isKnown, type Known, type Value } from './values.js';

const importers: Readonly<Record<string, Importer>> = {
  ...arithmetic,
  ...elementwise,
  ...reductions,
  ...movement,
  ...products,
  ...poolings,
  ...normalizations,
  ...resizes,
  ...quantizations,
};

/** Names of the operators of ONNX that are imported, in alphabetical order. */
export const importedOperators: readonly string[] = [
  ...new Set([...Object.keys(importers), ...Object.keys(folds)]),
].sort();

/** "node "conv1" (Conv)", for messages. */
export const nameOf = (call: Call): string =>
  `node ${quoted(call.node.name || (call.node.output[0] ?? ''))} (${call.node.opType})`;

/** A reason may list what the file has. */
const LONGEST_REASON = 600;

/** More values than this, of a tensor, no machine holds. */
const MOST_VALUES = 2 ** 40;

/** @throws Error for what a few numbers of a file can ask for, and no network does. */
function checkTensor({ shape, rank, size }: Tensor): void {
  checkRank(rank);
  if (!(size <= MOST_VALUES)) throw new Error(`would make [${shape}], more than ${MOST_VALUES} values`);
}

/**
 * What a node computes, its first outputs at least.
 * @throws OtxError `graph` naming the node, for an unknown operator or inputs that do not fit.
 */
export function importNode(call: Call): readonly Value[] {
  const { opType } = call.node;
  try {
    const fold = Object.hasOwn(folds, opType) ? folds[opType] : undefined;
    const given = call.inputs.filter((input) => input !== undefined);
    if (fold && given.length > 0 && given.every(isKnown)) {
      const known = given as readonly Known[];
      const result = fold(known, call);
      call.state.spend([result, ...known].reduce((sum, { values }) => sum + values.length, 0));
      return [result];
    }
    const importer = Object.hasOwn(importers, opType) ? importers[opType] : undefined;
    if (!importer)
      throw new Error(
        fold
          ? 'must be known when the graph is built, but is computed from its inputs'
          : 'this operator is not imported; docs/import.md lists those that are',
      );
    const result = inScope(call.node.name, () => importer(call));
    const results: readonly Value[] = Array.isArray(result) ? result : [result as Value];
    for (const value of results) if (value instanceof Tensor) checkTensor(value);
    return results;
  } catch (error) {
    const reason = messageOf(error);
    const short = reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}…` : reason;
    throw new OtxError('graph', `${nameOf(call)}: ${short}`, { cause: error });
  }
}
