/**
 * @file The lowering for graphics processors: documented operators alone, each in a form that the runtime's kernels there have. What
 * they lack would otherwise be computed by the CPU, with a copy there and back for every single operator.
 */
import { cast, constant, equal, mul, reduceMax, reshape, split, sub, transpose } from '../builders.js';
import { type AnyNode, createNode, type Node, type Tensor } from '../tensor.js';
import type { OpName } from '../vocabulary.js';
import { plainLowering } from './plain.js';
import { plainProduct } from './plain-product.js';
import { firstOf, type LoweringRule, type LoweringTable } from './table.js';

/** A kernel has 10 storage buffers in browsers, of which the input takes one; powers of two make even trees. */
const MOST_PARTS = 8;

/** Parts of parts: a kernel writes each output to a buffer of its own. */
const splitAsTree: LoweringRule<'split'> = ({ attributes: { axis, sizes } }, [x]) =>
  sizes.length > MOST_PARTS ? tree(x!, sizes, axis) : undefined;

function tree(x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
  if (sizes.length <= MOST_PARTS) return split(x, sizes, axis);
  let perBranch = MOST_PARTS;
  while (sizes.length > perBranch * MOST_PARTS) perBranch *= MOST_PARTS;
  const branches: (readonly number[])[] = [];
  for (let i = 0; i < sizes.length; i += perBranch) branches.push(sizes.slice(i, i + perBranch));
  const wholes = branches.map((branch) => branch.reduce((sum, size) => sum + size, 0));
  return split(x, wholes, axis).flatMap((part, i) => tree(part, branches[i]!, axis));
}

/** Space to depth, as the standard defines it. */
const turnedCells: LoweringRule<'onnx'> = ({ attributes: { opType, domain, attributes }, outputs }, [x]) => {
  if (opType !== 'SpaceToDepth' || domain !== '') return undefined;
  const [n, channels, h, w] = x!.shape as [number, number, number, number];
  const cell = (attributes.blocksize as { readonly int: number }).int;
  const cells = reshape(x!, [n, channels, h / cell, cell, w / cell, cell]);
  return [reshape(transpose(cells, [0, 3, 5, 1, 2, 4]), outputs[0]!.shape)];
};

/** Of bytes kernels know little but how to make floats of them, which hold every one. */
function inFloats<O extends OpName>({ op, attributes }: Node<O>, inputs: readonly Tensor[]) {
  if (inputs.every(({ dtype }) => dtype !== 'uint8')) return undefined;
  const floats = inputs.map((x) => (x.dtype === 'uint8' ? cast(x, 'float32') : x));
  return createNode(op, floats, attributes).map((y) => (y.dtype === 'float32' ? cast(y, 'uint8') : y));
}

/**
 * Kernels tell positions in int64 alone, which none makes anything else of. Here the first of equal largest values has the largest of
 * the numbers that stand for the positions.
 */
const positionAsNumber: LoweringRule<'cast'> = ({ attributes: { to } }, [positions]) => {
  const { op, attributes, inputs } = positions!.node as AnyNode;
  if (op !== 'argMax') return undefined;
  const x = inputs[0]!;
  const { axis, keepDims } = attributes;
  const count = x.shape[axis]!;
  const fromEnd = constant(
    Array.from({ length: count }, (_, i) => count - i),
    x.shape.map((_, i) => (i === axis ? count : 1)),
  );
  const isLargest = cast(equal(x, reduceMax(x, { axes: [axis], keepDims: true })), 'float32');
  const position = sub(count, reduceMax(mul(isLargest, fromEnd), { axes: [axis], keepDims }));
  return [to === 'float32' ? position : cast(position, to)];
};

/** For the graph of a step; {@link gpuProducts} comes after the passes that make it small. */
export const gpuLowering: LoweringTable = {
  ...plainLowering,
  cast: positionAsNumber,
  equal: inFloats,
  split: firstOf(inFloats, splitAsTree),
  onnx: turnedCells,
};

/** Products of matrices, into which passes put factors and transpositions as long as they can. */
export const gpuProducts: LoweringTable = { matMul: plainProduct };
