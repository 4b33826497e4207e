/**
 * @file Copies that the backward pass makes anew instead of keeping those of the forward pass. What is a copy of something
 * that is kept anyway costs as much memory as the original and almost no time to make again.
 */
import { slice } from '../builders.js';
import { type AnyNode, createNode, type Tensor } from '../tensor.js';
import { consumersOf, isBackward } from './backward.js';
import { rewrite } from './rewrite.js';

/**
 * Splits such copies into one for the forward and one for the backward pass. Must be the last pass: elimination of common
 * subexpressions would join them again.
 */
export function recomputeCopies(outputs: readonly Tensor[]): Tensor[] {
  const consumers = consumersOf(outputs);
  const inBackward = (x: Tensor): boolean => consumers.get(x)!.some(isBackward);
  const copies = new Map<Tensor, Tensor>();
  const splits = (x: Tensor): boolean =>
    isCopy(x.node as AnyNode) &&
    !isBackward(x.node) &&
    inBackward(x) &&
    consumers.get(x)!.some((node) => !isBackward(node)) &&
    keptAnyway(x, inBackward);

  return rewrite(outputs, (node, inputs) => {
    if (!isBackward(node)) return undefined;
    const own = node.inputs.map((x, i) => {
      if (!splits(x)) return inputs[i]!;
      const copy = copies.get(x) ?? copyAgain(inputs[i]!);
      copies.set(x, copy);
      return copy;
    });
    return own.every((x, i) => x === inputs[i]) ? undefined : createNode(node.op, own, node.attributes);
  });
}

function isCopy(node: AnyNode): boolean {
  return (
    node.op === 'resizeNearest' ||
    node.op === 'split' ||
    isWidening(node) ||
    (node.op === 'onnx' && node.attributes.opType === 'ReorderInput')
  );
}

/** Twice the bytes of its source, which is kept in its place. */
const isWidening = ({ op, inputs, outputs }: AnyNode): boolean =>
  op === 'cast' && inputs[0]!.dtype === 'float16' && outputs[0]!.dtype === 'float32';

/** The same values once more; of a split only the one part. */
function copyAgain(x: Tensor): Tensor {
  const node = x.node as AnyNode;
  const source = node.inputs[0]!;
  if (node.op !== 'split') return createNode(node.op, [source], node.attributes)[0]!;
  const { axis, sizes } = node.attributes;
  const start = sizes.slice(0, x.index).reduce((sum, size) => sum + size, 0);
  return slice(source, axis, start, start + sizes[x.index]!);
}

/** Whether the backward pass reads the source of a copy, or the source is much smaller. */
function keptAnyway(copy: Tensor, inBackward: (x: Tensor) => boolean): boolean {
  const source = original(copy.node.inputs[0]!);
  return isWidening(copy.node as AnyNode) || inBackward(source) || 4 * source.size <= copy.size;
}

/** What a chain of reshapes, which share memory, starts from. */
function original(x: Tensor): Tensor {
  return x.node.op === 'reshape' ? original(x.node.inputs[0]!) : x;
}
