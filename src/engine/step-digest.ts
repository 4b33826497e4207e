/** @file A number for a step: two steps that could give different model files have different digests. */
import { createHash, type Hash } from 'node:crypto';
import { type AnyNode, compareOrder, type Node, reachableNodes, type Tensor } from '../graph/tensor.js';
import type { StepGraph } from './step.js';

/** SHA-256, in hexadecimal, of everything in a step that its model file and binding depend on. */
export function digestStep(step: StepGraph): string {
  const hash = createHash('sha256');
  const named = (tensors: Readonly<Record<string, Tensor>>) => Object.entries(tensors);
  const inputs = [...named(step.inputs), ...named(step.scalars)];
  const states = step.packs.map(({ layout, current }): [string, Tensor] => [layout.name, current]);
  const updates = step.packs.flatMap(({ layout, next }): [string, Tensor][] =>
    next ? [[layout.name, next]] : [],
  );
  const outputs = named(step.outputs);
  const groups = [inputs, states, updates, outputs];
  const index = digestNodes(
    hash,
    groups.flat().map(([, tensor]) => tensor),
  );
  for (const group of groups)
    hash.update(`${JSON.stringify(group.map(([name, tensor]) => [name, reference(tensor, index)]))}\n`);
  hash.update(JSON.stringify(step.commitIfFinite ?? null));
  if (step.precision) hash.update(step.precision);
  return hash.digest('hex');
}

/** Nodes are numbered by their place in the graph: their ids differ from run to run. */
function digestNodes(hash: Hash, outputs: readonly Tensor[]): ReadonlyMap<Node, number> {
  const index = new Map<Node, number>();
  const nodes = reachableNodes(outputs);
  const places = new Map(nodes.toSorted(compareOrder).map((node, i) => [node as Node, i]));
  for (const node of nodes) {
    index.set(node, index.size);
    const inputs = node.inputs.map((x) => reference(x, index));
    const path = JSON.stringify([node.scope, node.phase, places.get(node)]);
    hash.update(`${node.op} ${inputs} ${path} ${attributes(hash, node)}\n`);
  }
  return index;
}

const reference = ({ node, index }: Tensor, places: ReadonlyMap<Node, number>): string =>
  `${places.get(node)}.${index}`;

function attributes(hash: Hash, node: AnyNode): string {
  if (node.op !== 'constant') return JSON.stringify(node.attributes, exactNumbers);
  const { data, type, unique = false } = node.attributes;
  hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return JSON.stringify({ type, unique });
}

/** JSON writes -0 as 0, and every number that is not finite as null. */
function exactNumbers(_: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}
