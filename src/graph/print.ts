/** @file Readable text of graphs, for people and for snapshot tests. */
import { formatType, type Node, pathOf, reachableNodes, type Tensor } from './tensor.js';

const MAX_VALUES = 8;

/** One line: outputs, operator, inputs, attributes, module path. */
export function printNode(node: Node): string {
  const outputs = node.outputs.map((y) => `${y}: ${formatType(y)}`).join(', ');
  const attributes = formatAttributes(node.attributes as Readonly<Record<string, unknown>>);
  const path = pathOf(node);
  const scope = path ? `  # ${path}` : '';
  return `${outputs} = ${node.op}(${node.inputs.join(', ')})${attributes}${scope}`;
}

/**
 * The whole graph, one node a line. Values are renumbered from %1 in order, so that the text of a graph does not depend
 * on what was built before it.
 */
export function printGraph(outputs: readonly Tensor[]): string {
  const nodes = reachableNodes(outputs);
  const numbers = new Map(nodes.map((node, i) => [node.id, i + 1]));
  const renumber = (line: string) =>
    line.replace(/%(\d+)/g, (_, id: string) => `%${numbers.get(Number(id))}`);
  const lines = nodes.map((node) => renumber(printNode(node as Node)));
  return [...lines, renumber(`return ${outputs.join(', ')}`)].join('\n');
}

function formatAttributes(attributes: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(attributes)
    .filter(([name]) => name !== 'type' && name !== 'types')
    .map(([name, value]) => `${name}=${formatValue(value)}`);
  return parts.length > 0 ? ` {${parts.join(', ')}}` : '';
}

function formatValue(value: unknown): string {
  if (ArrayBuffer.isView(value) && 'length' in value) {
    const values = Array.from(value as unknown as ArrayLike<number | bigint>);
    return values.length > MAX_VALUES
      ? `[${values.slice(0, MAX_VALUES).join(',')},…]`
      : `[${values.join(',')}]`;
  }
  if (Array.isArray(value)) return `[${value.map(formatValue).join(',')}]`;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value);
}
