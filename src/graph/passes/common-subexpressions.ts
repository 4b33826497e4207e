/** @file Common-subexpression elimination: equal operators on equal inputs are computed once. */
import { type AnyNode, createNode, type Tensor, type TensorData } from '../tensor.js';
import { isBackward } from './backward.js';
import { MIN_REPEATED_SIZE } from './recompute-activations.js';
import { rewrite } from './rewrite.js';

/** Larger constants are compared by identity: hashing weights would cost more than it finds. */
const MAX_COMPARED_CONSTANT = 4096;

/** Which equal values stay apart. */
export interface SubexpressionOptions {
  /** Keeps large values that the backward pass computes once more apart from those of the forward pass. Default false. */
  readonly keepRepeated?: boolean;
}

export function eliminateCommonSubexpressions(
  outputs: readonly Tensor[],
  { keepRepeated = false }: SubexpressionOptions = {},
): Tensor[] {
  const known = new Map<string, readonly Tensor[]>();
  return rewrite(outputs, (node, inputs) => {
    const expression = keyOf(node, inputs);
    if (expression === undefined) return undefined;
    const isRepeated =
      keepRepeated &&
      isBackward(node) &&
      node.inputs.length > 0 &&
      node.outputs[0]!.size >= MIN_REPEATED_SIZE;
    const key = isRepeated ? `again ${expression}` : expression;
    const earlier = known.get(key);
    if (earlier) return earlier;
    const unchanged = inputs.every((x, i) => x === node.inputs[i]);
    const representative = unchanged ? node.outputs : createNode(node.op, inputs, node.attributes);
    known.set(key, representative);
    return representative;
  });
}

function keyOf(node: AnyNode, inputs: readonly Tensor[]): string | undefined {
  if (node.op === 'input') return undefined;
  if (node.op === 'constant') {
    const { data, type, unique } = node.attributes;
    if (unique || data.length > MAX_COMPARED_CONSTANT) return undefined;
    return `constant ${type.dtype}[${type.shape}] ${bitsOf(data)}`;
  }
  return `${node.op} ${inputs.join()} ${JSON.stringify(node.attributes, distinctNumbers)}`;
}

/** JSON writes every number that is not finite as null. */
function distinctNumbers(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/**
 * The bits, as the characters of a text. Bits and not numbers, because -0 and 0 are equal but divide differently; characters, because
 * digits take longer to write.
 */
function bitsOf(data: TensorData): string {
  const { buffer, byteOffset, byteLength } = data;
  const units =
    data.BYTES_PER_ELEMENT === 1
      ? new Uint8Array(buffer, byteOffset, byteLength)
      : new Uint16Array(buffer, byteOffset, byteLength / 2);
  return String.fromCharCode.apply(undefined, units as unknown as number[]);
}
