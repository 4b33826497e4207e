/**
 * @file Chains of elementwise operators, and copies of maps, as one operator each. Every operator whose result is a map is the
 * possible end of a chain; one inside a longer chain falls away, since nobody reads its result any more.
 */
import { reduceSum, reshape } from '../builders.js';
import type { AnyNode, Node, Tensor } from '../tensor.js';
import {
  ElementwiseProgram,
  fitsProgram,
  isElementwise,
  type Maps,
  mapsOf,
  wholeMap,
} from './elementwise-program.js';
import { fuseWith, type Matching } from './matching.js';
import { isPart, piecesOf } from './planes.js';
import { MIN_SUMMED, Repeating } from './repeating.js';

/** Smaller maps are not worth the call. */
const MIN_SIZE = 8192;
/** Planes of a flat tensor, which has none of its own. */
const FLAT_WIDTH = 256;

/** @param minSize values of the smallest maps that are looked at */
export function fuseElementwise(outputs: readonly Tensor[], minSize: number = MIN_SIZE): Tensor[] {
  let repeating: Repeating | undefined;
  return fuseWith(outputs, (node, matching) => {
    const [y] = node.outputs;
    repeating ??= new Repeating(matching);
    if (y?.dtype !== 'float32') return undefined;
    if (node.op === 'averagePool' || node.op === 'reduceSum' || node.op === 'reduceMean')
      return node.inputs[0]!.size < minSize ? undefined : windowSums(node, matching, repeating);
    if (y.size < minSize) return undefined;
    const fused = chain(node, y, matching, repeating);
    return fused && [fused];
  });
}

function chain(node: AnyNode, y: Tensor, matching: Matching, repeating: Repeating): Tensor | undefined {
  const joins = piecesOf(y) !== undefined;
  if (!isElementwise(node) && !joins && node.op !== 'resizeNearest') return undefined;
  const maps = mapsOf(y);
  if (!maps) return isElementwise(node) ? flatChain(y, matching) : undefined;
  if (!fitsProgram(maps)) return undefined;
  const program = firstThatFits(maps, matching, repeating, y, () => true);
  if (!program) return undefined;
  // One operator alone is as fast in the runtime.
  return joins || program.absorbed > 1 ? program.finish() : undefined;
}

/** The program of all of x: with maps that others read too as far as there is room for them, else without. */
function firstThatFits(
  maps: Maps,
  matching: Matching,
  repeating: Repeating,
  x: Tensor,
  goesInside: (repeating: Repeating | undefined) => boolean,
): ElementwiseProgram | undefined {
  for (const own of [repeating, undefined]) {
    const program = new ElementwiseProgram(maps, matching, own);
    if (program.add(x, wholeMap(x), wholeMap(x), goesInside(own))) return program;
  }
  return undefined;
}

/** Tensors [A, B, L] whose operands have the same shape, or one value where they are broadcast over L. */
function flatChain(y: Tensor, matching: Matching): Tensor | undefined {
  if (y.rank !== 3 || y.shape[2]! % FLAT_WIDTH !== 0) return undefined;
  const [images, channels, length] = y.shape as [number, number, number];
  const maps = { images, channels, height: length / FLAT_WIDTH, width: FLAT_WIDTH };
  if (!fitsProgram(maps)) return undefined;
  const program = new ElementwiseProgram(maps, matching, undefined, length);
  if (!program.add(y, { first: 0, step: 1, count: channels }, wholeMap(y), true)) return undefined;
  return program.absorbed > 1 ? reshape(program.finish(), y.shape) : undefined;
}

/** Pooling, and sums or means over whole maps, of a chain. */
function windowSums(
  node: Node<'averagePool'> | Node<'reduceSum'> | Node<'reduceMean'>,
  matching: Matching,
  repeating: Repeating,
): readonly Tensor[] | undefined {
  const x = node.inputs[0]!;
  const y = node.outputs[0]!;
  const maps = mapsOf(x);
  if (!maps || !fitsProgram(maps)) return undefined;
  const { images, height, width } = maps;
  const programOf = () =>
    firstThatFits(
      maps,
      matching,
      repeating,
      x,
      (own) => matching.isInner(x) || isPart(x) || own?.has(x) === true,
    );
  if (node.op === 'averagePool') {
    const [h, w] = node.attributes.kernel;
    const program = programOf();
    return program && [program.finish([h, w], 1 / (h * w))];
  }
  const axes = node.attributes.axes.join();
  if ((axes !== '2,3' && axes !== '0,2,3') || height * width < MIN_SUMMED) return undefined;
  const program = programOf();
  if (!program) return undefined;
  const overImages = axes === '0,2,3';
  const count = height * width * (overImages ? images : 1);
  const sums = program.finish([height, width], node.op === 'reduceMean' ? 1 / count : 1);
  return [reshape(overImages ? reduceSum(sums, { axes: [0], keepDims: true }) : sums, y.shape)];
}
