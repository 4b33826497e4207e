/** @file The normalisation that a model for OpenVINO begins with: here pictures are normalised before they reach a network. */

import { PIXEL_MEAN, PIXEL_STD } from '../../../data/index.js';
import { add, constant, input, mul, reachableNodes, type Tensor } from '../../../graph/index.js';
import { rewrite } from '../../../graph/passes/rewrite.js';
import type { IrGraph } from './ir-graph.js';
import { constantData } from './layer-reader.js';

/** The same graph for an input that is normalised already: its first steps are left out, or undone where it has none of its own. */
export function withoutNormalisation({ input: pixels, outputs }: IrGraph): IrGraph {
  const normalised = input('input', 'float32', pixels.shape);
  const end = endOfNormalisation(pixels, Object.values(outputs));
  const replacement = end ? normalised : add(mul(normalised, perChannel(PIXEL_STD)), perChannel(PIXEL_MEAN));
  const names = Object.keys(outputs);
  const rest = rewrite(Object.values(outputs), (node) =>
    node === (end ?? pixels).node ? [replacement] : undefined,
  );
  return { input: normalised, outputs: Object.fromEntries(names.map((name, i) => [name, rest[i]!])) };
}

const perChannel = (values: readonly number[]): Tensor => constant([...values], [1, values.length, 1, 1]);

/** What is (pixels - mean) / std, where nothing else sees the pixels. */
function endOfNormalisation(pixels: Tensor, outputs: readonly Tensor[]): Tensor | undefined {
  const centred = onlyUse(pixels, outputs);
  if (!centred || !isBy(centred, 'sub', pixels, PIXEL_MEAN)) return undefined;
  const scaled = onlyUse(centred, outputs);
  return scaled && isBy(scaled, 'div', centred, PIXEL_STD) ? scaled : undefined;
}

function onlyUse(tensor: Tensor, outputs: readonly Tensor[]): Tensor | undefined {
  const uses = reachableNodes(outputs).filter(({ inputs }) => inputs.includes(tensor));
  return uses.length === 1 && !outputs.includes(tensor) ? uses[0]!.outputs[0] : undefined;
}

function isBy({ node }: Tensor, op: 'sub' | 'div', of: Tensor, values: readonly number[]): boolean {
  const [x, by] = node.inputs;
  if (node.op !== op || x !== of || !by) return false;
  const data = constantData(by);
  const isPerChannel = String(by.shape) === String([1, values.length, 1, 1]);
  return isPerChannel && data !== undefined && values.every((value, i) => data[i] === Math.fround(value));
}
