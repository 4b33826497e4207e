/**
 * @file The lowering for graphics processors: documented operators alone, each in a form that the runtime's kernels there have. What
 * they lack would otherwise be computed by the CPU, with a copy there and back for every single operator.
 */
import { reshape, split, transpose } from '../builders.js';
import type { Tensor } from '../tensor.js';
import { plainLowering } from './plain.js';
import { plainProduct } from './plain-product.js';
import type { LoweringRule, LoweringTable } from './table.js';

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

/** For the graph of a step; {@link gpuProducts} comes after the passes that make it small. */
export const gpuLowering: LoweringTable = {
  ...plainLowering,
  split: splitAsTree,
  onnx: turnedCells,
};

/** Products of matrices, into which passes put factors and transpositions as long as they can. */
export const gpuProducts: LoweringTable = { matMul: plainProduct };
