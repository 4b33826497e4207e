/** @file Where the planes of a map lie in another one: maps that are parts or permutations of another need no copy. */
import type { AnyNode, Tensor } from '../tensor.js';

/** Channels first + k·step, k < count, of a map. */
export interface Channels {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Plane (n, k) is plane n·image + offset + k·channel of the source. */
export interface PlaneView {
  readonly source: Tensor;
  readonly image: number;
  readonly offset: number;
  readonly channel: number;
}

/** The channels of a map [N, C, H, W], found where they were computed. */
export function viewPlanes(x: Tensor, channels: Channels): PlaneView {
  const part = partOf(x);
  if (!part) return { source: x, image: x.shape[1]!, offset: channels.first, channel: channels.step };
  const { source, first, step } = part;
  return viewPlanes(source, {
    first: first + channels.first * step,
    step: channels.step * step,
    count: channels.count,
  });
}

/** Whether a map is nothing but channels of another one. */
export const isPart = (x: Tensor): boolean => partOf(x) !== undefined;

interface Part {
  readonly source: Tensor;
  readonly first: number;
  readonly step: number;
}

function partOf(x: Tensor): Part | undefined {
  if (x.rank !== 4) return undefined;
  const node = x.node as AnyNode;
  const source = node.inputs[0]!;
  if (node.op === 'split' && node.attributes.axis === 1)
    return { source, first: sum(node.attributes.sizes.slice(0, x.index)), step: 1 };
  if (node.op === 'slice') {
    const { axes, starts, steps } = node.attributes;
    if (axes.length === 1 && axes[0] === 1 && steps[0]! > 0)
      return { source, first: starts[0]!, step: steps[0]! };
  }
  return node.op === 'reshape' ? unshuffled(x, source) : undefined;
}

/** One output of a channel shuffle undone: [N, h·g, H, W] → [N, h, g, H, W] → one of g → [N, h, H, W]. */
function unshuffled(x: Tensor, one: Tensor): Part | undefined {
  const split = one.node as AnyNode;
  if (split.op !== 'split' || one.rank !== 5 || split.attributes.axis !== 2) return undefined;
  if (split.attributes.sizes.some((size) => size !== 1)) return undefined;
  const stacked = split.inputs[0]!;
  if (stacked.node.op !== 'reshape') return undefined;
  const [n, half, groups, h, w] = stacked.shape as [number, number, number, number, number];
  const source = stacked.node.inputs[0]!;
  const fits = isShape(source, [n, half * groups, h, w]) && isShape(x, [n, half, h, w]);
  return fits ? { source, first: one.index, step: groups } : undefined;
}

/** A map that is put together from others: its channels first + k·step are those of `map`, in order. */
export interface Piece extends Channels {
  readonly map: Tensor;
}

/** The parts of a concatenation of channels, or of a channel shuffle; undefined for any other map. */
export function piecesOf(x: Tensor): readonly Piece[] | undefined {
  const node = x.node as AnyNode;
  if (x.rank !== 4) return undefined;
  if (node.op === 'concat' && node.attributes.axis === 1) {
    let first = 0;
    return node.inputs.map((map) => {
      const piece = { map, first, step: 1, count: map.shape[1]! };
      first += piece.count;
      return piece;
    });
  }
  return node.op === 'reshape' ? shuffled(x, node.inputs[0]!) : undefined;
}

/** Maps [N, h, H, W] stacked along a new axis 2 and joined: channel k·g + i is channel k of map i. */
function shuffled(x: Tensor, stacked: Tensor): readonly Piece[] | undefined {
  const concat = stacked.node as AnyNode;
  if (concat.op !== 'concat' || stacked.rank !== 5 || concat.attributes.axis !== 2) return undefined;
  const [n, half, groups, h, w] = stacked.shape as [number, number, number, number, number];
  if (!isShape(x, [n, half * groups, h, w]) || concat.inputs.length !== groups) return undefined;
  const maps = concat.inputs.map(({ node }) => (node.op === 'reshape' ? node.inputs[0]! : undefined));
  if (!maps.every((map): map is Tensor => map !== undefined && isShape(map, [n, half, h, w])))
    return undefined;
  return maps.map((map, i) => ({ map, first: i, step: groups, count: half }));
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export const isShape = (x: Tensor, shape: readonly number[]): boolean =>
  x.rank === shape.length && shape.every((size, i) => size === x.shape[i]);
