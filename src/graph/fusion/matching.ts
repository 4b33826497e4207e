/**
 * @file The mechanism behind passes that make one operator of several: a rewriting that knows who reads a tensor, and that can
 * replace a later node together with the one at hand.
 */
import {
  type AnyNode,
  createNode,
  inPlaceOf,
  reachableNodes,
  type Tensor,
  type TensorType,
} from '../tensor.js';
import type { OnnxAttribute } from '../vocabulary.js';

/** What a matcher asks about the graph that is being rewritten; tensors are those of the graph before. */
export interface Matching {
  /** The tensor that stands for one of the graph before, whose node was passed already. */
  current(tensor: Tensor): Tensor;
  /** Nodes that read a tensor, in order. */
  readers(tensor: Tensor): readonly AnyNode[];
  /** Whether one node alone reads the tensor, and it is no result of the graph. */
  isInner(tensor: Tensor): boolean;
  /** Whether the tensor is a result of the graph. */
  isResult(tensor: Tensor): boolean;
  /** Replaces the outputs of a node that comes later; an output that nobody reads any more may be undefined. */
  replace(later: AnyNode, results: readonly (Tensor | undefined)[]): void;
}

/** Tensors for the outputs of a node, or undefined to keep it. Outputs that nobody reads any more may be undefined. */
export type Matcher = (node: AnyNode, matching: Matching) => readonly (Tensor | undefined)[] | undefined;

/** Rewrites everything that `outputs` depend on. */
export function fuseWith(outputs: readonly Tensor[], matcher: Matcher): Tensor[] {
  const nodes = reachableNodes(outputs);
  const readers = new Map<Tensor, AnyNode[]>();
  for (const node of nodes)
    for (const x of new Set(node.inputs)) {
      const known = readers.get(x);
      if (known) known.push(node);
      else readers.set(x, [node]);
    }
  const results = new Set(outputs);
  const replaced = new Map<Tensor, Tensor>();
  const later = new Map<AnyNode, readonly (Tensor | undefined)[]>();
  const matching: Matching = {
    current: (tensor) => replaced.get(tensor) ?? tensor,
    readers: (tensor) => readers.get(tensor) ?? [],
    isResult: (tensor) => results.has(tensor),
    isInner: (tensor) => !results.has(tensor) && readers.get(tensor)?.length === 1,
    replace: (node, tensors) => later.set(node, tensors),
  };
  const same = (node: AnyNode): readonly Tensor[] => {
    const inputs = node.inputs.map(matching.current);
    return inputs.every((x, i) => x === node.inputs[i])
      ? node.outputs
      : createNode(node.op, inputs, node.attributes);
  };
  for (const node of nodes) {
    const tensors = later.get(node) ?? inPlaceOf(node, () => matcher(node, matching) ?? same(node));
    node.outputs.forEach((y, i) => {
      const tensor = tensors[i];
      if (tensor && tensor !== y) replaced.set(y, tensor);
    });
  }
  return outputs.map(matching.current);
}

/** Domain of the operators of the kernel library. */
export const FUSED_DOMAIN = 'otx';

/** An operator of the kernel library (native/operators.c), which takes and gives float32. */
export function fusedOp(
  opType: string,
  inputs: readonly Tensor[],
  types: readonly TensorType[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): readonly Tensor[] {
  return createNode('onnx', inputs, {
    opType,
    domain: FUSED_DOMAIN,
    attributes,
    types: types.map(({ dtype, shape }) => ({ dtype, shape })),
  });
}
