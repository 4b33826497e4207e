/** @file What a lowering is: per operator, a function that rewrites one node into operators closer to ONNX. */
import { rewrite } from '../passes/rewrite.js';
import type { AnyNode, Node, Tensor } from '../tensor.js';
import type { OpName } from '../vocabulary.js';

/** Replacement of a node, or undefined to leave it (because ONNX has it, or because the table's next choice applies). */
export type LoweringRule<O extends OpName> = (
  node: Node<O>,
  inputs: readonly Tensor[],
) => readonly Tensor[] | undefined;

/** One rule per operator that is to be rewritten; others stay as they are. */
export type LoweringTable = { readonly [O in OpName]?: LoweringRule<O> };

/** Applies a table until nothing changes: a rule may produce semantic operators that other rules lower. */
export function lower(outputs: readonly Tensor[], table: LoweringTable): Tensor[] {
  let current = [...outputs];
  for (;;) {
    let changed = false;
    current = rewrite(current, (node, inputs) => {
      const rule = table[node.op] as
        | ((node: AnyNode, inputs: readonly Tensor[]) => readonly Tensor[] | undefined)
        | undefined;
      const result = rule?.(node, inputs);
      if (result) changed = true;
      return result;
    });
    if (!changed) return current;
  }
}

/** Tries several rules in order of preference; the first that applies wins. */
export function firstOf<O extends OpName>(...rules: readonly LoweringRule<O>[]): LoweringRule<O> {
  return (node, inputs) => {
    for (const rule of rules) {
      const result = rule(node, inputs);
      if (result) return result;
    }
    return undefined;
  };
}
