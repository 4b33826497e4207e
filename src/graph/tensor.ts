/**
 * @file Symbolic tensors and the nodes that produce them: the whole intermediate representation.
 * A graph is simply the set of nodes that can be reached from some tensors. Nodes are immutable and every input
 * of a node has a smaller id than the node, so that sorting by id is a topological order.
 */
import { messageOf, OtxError } from '../base/errors.js';
import { attributeRules } from './attribute-rules.js';
import { shapeRules } from './shape-rules.js';
import { type DType, formatType, type Shape, sizeOf, type TensorType } from './types.js';
import type { OpAttributes, OpName } from './vocabulary.js';

export * from './types.js';

/** One output of a node. */
export class Tensor implements TensorType {
  /** Made by the functions that build graphs. */
  constructor(
    /** The node that computes it. */
    readonly node: Node,
    /** Which output of the node it is, from 0. */
    readonly index: number,
    /** Type of the elements. */
    readonly dtype: DType,
    /** Sizes of the dimensions, outermost first. */
    readonly shape: Shape,
  ) {}

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Its name in printed graphs: `%12`, or `%12.1` for the second output of a node with several. */
  toString(): string {
    return `%${this.node.id}${this.node.outputs.length > 1 ? `.${this.index}` : ''}`;
  }
}

/** An application of one operator of the vocabulary. */
export interface Node<O extends OpName = OpName> {
  /** Number of the node within the process; inputs have smaller ones. */
  readonly id: number;
  /** Name of the operator. */
  readonly op: O;
  /** What the operator is told beside its inputs: axes, strides, a constant's data. */
  readonly attributes: OpAttributes[O];
  /** Tensors that it is applied to. */
  readonly inputs: readonly Tensor[];
  /** Tensors that it computes; most operators have one. */
  readonly outputs: readonly Tensor[];
  /** Path of the module that created the node, e.g. `backbone.stem.conv1`. */
  readonly scope: string;
  /** Part of a training step that it belongs to. */
  readonly phase: Phase;
  /**
   * Its place among the nodes of its phase, where the graph leaves a choice of what runs first. A node that a pass puts in the
   * place of another has that one's; nodes with equal ones go by `id`.
   */
  readonly order: number;
}

/** `backward` is what differentiation creates, `update` what makes the new state of parameters; all else is `forward`. */
export type Phase = (typeof PHASES)[number];
/** As they follow each other. */
export const PHASES = ['forward', 'backward', 'update'] as const;

/** Any node, discriminated by `op`. */
export type AnyNode = { [O in OpName]: Node<O> }[OpName];

let nextId = 1;
let currentScope = '';
let currentPhase: Phase = 'forward';
/** Undefined where nodes are new, and go by their numbers. */
let currentOrder: number | undefined;

/** Runs `body` with `name` appended to the module path that new nodes and error messages carry. */
export function withScope<T>(name: string, body: () => T): T {
  const outer = currentScope;
  currentScope = outer && name ? `${outer}.${name}` : outer || name;
  try {
    return body();
  } finally {
    currentScope = outer;
  }
}

/** Runs `body` with the module path replaced by `path`. */
export function inScope<T>(path: string, body: () => T): T {
  const outer = currentScope;
  currentScope = path;
  try {
    return body();
  } finally {
    currentScope = outer;
  }
}

/** Runs `body` with new nodes in a phase. */
export function inPhase<T>(phase: Phase, body: () => T): T {
  const outer = currentPhase;
  currentPhase = phase;
  try {
    return body();
  } finally {
    currentPhase = outer;
  }
}

/** Runs `body` with new nodes in the place of another one: of its module path, its phase and its order. */
export function inPlaceOf<T>(node: Node, body: () => T): T {
  const outer = currentOrder;
  currentOrder = node.order;
  try {
    return inPhase(node.phase, () => inScope(node.scope, body));
  } finally {
    currentOrder = outer;
  }
}

/** Whether a node runs before another one where the graph leaves the choice: negative for the first, as sorting wants it. */
export function compareOrder(a: Node, b: Node): number {
  return PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase) || a.order - b.order || a.id - b.id;
}

/** Module path and phase, for people: `backbone.stem.conv1:backward`. */
export const pathOf = ({ scope, phase }: Node): string => (phase === 'forward' ? scope : `${scope}:${phase}`);

/**
 * Creates a node after checking its attributes and its inputs with the rules of its operator.
 * @throws OtxError `graph` naming the operator, the input types, the attributes and the module path.
 */
export function createNode<O extends OpName>(
  op: O,
  inputs: readonly Tensor[],
  attributes: OpAttributes[O],
): readonly Tensor[] {
  let types: readonly TensorType[];
  try {
    attributeRules[op]?.(attributes, inputs);
    types = shapeRules[op](inputs, attributes);
  } catch (error) {
    const where = currentScope ? ` in ${currentScope}` : '';
    throw new OtxError('graph', `${op}(${inputs.map(formatType).join(', ')})${where}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const outputs: Tensor[] = [];
  const id = nextId++;
  const node: Node = {
    ...{ id, op, attributes, inputs, outputs },
    ...{ scope: currentScope, phase: currentPhase, order: currentOrder ?? id },
  };
  types.forEach((type, index) => {
    outputs.push(new Tensor(node, index, type.dtype, type.shape));
  });
  return outputs;
}

/** All nodes that `outputs` depend on, in topological (creation) order. */
export function reachableNodes(outputs: Iterable<Tensor>): AnyNode[] {
  const seen = new Set<Node>();
  const stack = [...outputs].map((tensor) => tensor.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) if (!seen.has(input.node)) stack.push(input.node);
  }
  return [...seen].sort((a, b) => a.id - b.id) as AnyNode[];
}
