/**
 * @file The cross entropy of logits that are enlarged to the size of the labels, with its gradient in the small ones, as one
 * operator: the large ones, and their gradient, are stored nowhere.
 */
import { constant, mul } from '../builders.js';
import { bilinearMatrix } from '../resampling.js';
import type { AnyNode, Node, Tensor, TensorData } from '../tensor.js';
import { fusedOp, fuseWith, type Matching } from './matching.js';

export function fuseLoss(outputs: readonly Tensor[]): Tensor[] {
  const gradients = new Map<AnyNode, Tensor>();
  return fuseWith(outputs, (node, matching) => {
    const known = gradients.get(node);
    if (known) {
      const [dloss] = gradientBefore(node)!.inputs;
      return [mul(known, matching.current(dloss!))];
    }
    if (node.op !== 'crossEntropy') return undefined;
    const found = behind(node, matching);
    if (!found) return undefined;
    const [, labels] = node.inputs as [Tensor, Tensor];
    const { x, size, ofInput } = found;
    const classes = x.shape[1]!;
    const { weights } = node.attributes;
    const [loss, gradient] = fusedOp(
      'ResizedCrossEntropy',
      [
        matching.current(x),
        matching.current(labels),
        constant(weights.length > 0 ? weights : new Array<number>(classes).fill(1), [classes]),
      ],
      [node.outputs[0]!, x],
      { size: { ints: size } },
    );
    gradients.set(ofInput, gradient!);
    return [loss];
  });
}

interface Resized {
  readonly x: Tensor;
  readonly size: readonly [number, number];
  /** Computes the gradient of x. */
  readonly ofInput: AnyNode;
}

/** Where the logits are an enlargement by whole factors, and nothing else than that of x needs their gradient. */
function behind(loss: Node<'crossEntropy'>, { readers, isInner }: Matching): Resized | undefined {
  const [logits, labels] = loss.inputs as [Tensor, Tensor];
  const resize = logits.node as AnyNode;
  if (resize.op !== 'resizeBilinear' || resize.attributes.alignCorners) return undefined;
  const { size } = resize.attributes;
  const x = resize.inputs[0]!;
  if (size[0] % x.shape[2]! !== 0 || size[1] % x.shape[3]! !== 0) return undefined;
  const ofLogits = readers(logits).find(
    (node): node is Node<'crossEntropyGrad'> =>
      node.op === 'crossEntropyGrad' &&
      node.inputs[2] === labels &&
      node.attributes.weights.join() === loss.attributes.weights.join(),
  );
  if (!ofLogits || !isInner(ofLogits.outputs[0]!)) return undefined;
  const [ofRows] = readers(ofLogits.outputs[0]!);
  if (!isProduct(ofRows, 1, bilinearMatrix(x.shape[3]!, size[1], false)) || !isInner(ofRows!.outputs[0]!))
    return undefined;
  const [ofInput] = readers(ofRows!.outputs[0]!);
  return isProduct(ofInput, 0, bilinearMatrix(x.shape[2]!, size[0], false))
    ? { x, size, ofInput: ofInput! }
    : undefined;
}

/** The gradient of the logits that leads to that of x, through two products. */
function gradientBefore(ofInput: AnyNode): AnyNode | undefined {
  return ofInput.inputs[1]?.node.inputs[0]?.node as AnyNode | undefined;
}

/** Whether a node is the product with a matrix, as operand 1, or as operand 0 and transposed. */
function isProduct(node: AnyNode | undefined, operand: 0 | 1, matrix: Tensor): boolean {
  if (node?.op !== 'matMul' || node.attributes.alpha !== 1 || node.attributes.transB) return false;
  if (node.attributes.transA !== (operand === 0)) return false;
  const given = node.inputs[operand]!.node as AnyNode;
  return given.op === 'constant' && isEqual(given.attributes.data, matrix.node as AnyNode);
}

const isEqual = (data: TensorData, other: AnyNode): boolean =>
  other.op === 'constant' &&
  data.length === other.attributes.data.length &&
  data.every((value, i) => value === other.attributes.data[i]);
