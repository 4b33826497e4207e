/** @file Which parts of a lowered network can be computed with 8-bit integers: convolutions, with the ReLU behind them. */

import { type AnyNode, type Node, reachableNodes, type Tensor } from '../../graph/index.js';

/** A convolution, usually one whose weights are constants. */
export interface ConvLayer {
  readonly node: Node<'conv'>;
  /** Path of the module in the network; the second one of a module ends with `#2`. */
  readonly name: string;
  /** What it reads. */
  readonly input: Tensor;
  /**
   * What is rounded behind it, so that a runtime can do all of it with integers: the result of the ReLU which alone reads it, or its own
   * where nothing but convolutions read it. Undefined for others, which sums, gates and resizes read: rounding them would cost
   * exactness and save no bytes.
   */
  readonly output: Tensor | undefined;
}

/** One filter a channel. */
export const isDepthwise = ({ inputs: [x, weight] }: Node<'conv'>): boolean =>
  x!.shape[1]! > 1 && weight!.shape[1] === 1 && weight!.shape[0] === x!.shape[1];

/** Values of a constant. */
export const valuesOf = (tensor: Tensor): Float32Array =>
  (tensor.node as Extract<AnyNode, { op: 'constant' }>).attributes.data as Float32Array;

/**
 * All layers of a graph in the order in which they were built.
 *
 * @param weights whether they must be constants; `any` for the graph of a training, whose layers have the names of those of the trained
 * network.
 */
export function convLayers(
  outputs: readonly Tensor[],
  weights: 'constant' | 'any' = 'constant',
): readonly ConvLayer[] {
  const nodes = reachableNodes(outputs);
  const readers = new Map<Tensor, Node[]>();
  for (const node of nodes)
    for (const x of node.inputs) readers.set(x, [...(readers.get(x) ?? []), node as Node]);
  const counts = new Map<string, number>();
  return nodes.flatMap((node): ConvLayer[] => {
    if (node.op !== 'conv') return [];
    if (weights === 'constant' && node.inputs.slice(1).some((x) => x.node.op !== 'constant')) return [];
    const [y] = node.outputs as readonly [Tensor];
    return [
      {
        node,
        name: numbered(node.scope || 'conv', counts),
        input: node.inputs[0]!,
        output: roundedBehind(y, readers.get(y) ?? []),
      },
    ];
  });
}

function roundedBehind(result: Tensor, readers: readonly Node[]): Tensor | undefined {
  const [reader, ...others] = readers;
  if (reader?.op === 'relu' && others.length === 0) return reader.outputs[0];
  return readers.length > 0 && readers.every(({ op }) => op === 'conv') ? result : undefined;
}

function numbered(name: string, counts: Map<string, number>): string {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count === 1 ? name : `${name}#${count}`;
}

/** Every tensor that is rounded where these layers are, each once. */
export function roundedTensors(layers: readonly ConvLayer[]): readonly Tensor[] {
  return [...new Set(layers.flatMap(({ input, output }) => (output ? [input, output] : [input])))];
}
