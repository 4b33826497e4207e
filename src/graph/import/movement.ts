/** @file Operators of a file that move values about. */
import {
  cast,
  concat,
  constant,
  expand,
  gatherElements,
  mul,
  pad,
  reshape,
  slice,
  split,
  take,
  transpose,
  where,
} from '../builders.js';
import { broadcastShapes, normalizeAxis } from '../shape-rules.js';
import { sizeOf, type Tensor } from '../tensor.js';
import {
  expandedShape,
  position,
  reshapedShape,
  slicedAxes,
  squeezedShape,
  unsqueezedShape,
} from './arithmetic.js';
import type { Call, Importer } from './call.js';
import { checkKnownSize } from './values.js';

/** Positions along an axis: a slice where they follow each other, otherwise picked one by one. */
function picked(x: Tensor, axis: number, positions: readonly number[]): Tensor {
  if (positions.length === 0) throw new Error(`nothing of axis ${axis} of [${x.shape}] is left`);
  const step = positions.length > 1 ? positions[1]! - positions[0]! : 1;
  const isRegular = step > 0 && positions.every((at, i) => at === positions[0]! + i * step);
  return isRegular ? slice(x, axis, positions[0]!, positions.at(-1)! + 1, step) : take(x, axis, positions);
}

/** Known positions are picked; others go through an operator that takes one position for every value. */
const gather: Importer = (call) => {
  const x = call.tensor(0);
  const axis = normalizeAxis(call.int('axis', 0), x.rank);
  const shapeOf = (indices: readonly number[]) => [
    ...x.shape.slice(0, axis),
    ...indices,
    ...x.shape.slice(axis + 1),
  ];
  if (call.isKnown(1)) {
    const indices = call.known(1, 'the indices');
    call.state.spend(indices.values.length);
    const positions = indices.list().map((i) => position(i, x.shape[axis]!));
    return reshape(take(x, axis, positions), shapeOf(indices.shape));
  }
  const indices = cast(call.tensor(1), 'int64');
  const rows = [x.shape[axis]!, x.size / x.shape[axis]!];
  const front = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
  const table = reshape(transpose(x, front), rows);
  const positions = expand(reshape(indices, [indices.size, 1]), [indices.size, rows[1]!]);
  const found = reshape(gatherElements(table, positions, 0), [
    ...indices.shape,
    ...front.slice(1).map((i) => x.shape[i]!),
  ]);
  // The axes of the indices go where the axis was.
  const before = Array.from({ length: axis }, (_, i) => indices.rank + i);
  const own = indices.shape.map((_, i) => i);
  const after = Array.from({ length: x.rank - axis - 1 }, (_, i) => indices.rank + axis + i);
  return transpose(found, [...before, ...own, ...after]);
};

/** Positions that padding of an axis repeats. */
function paddedPositions(
  call: Call,
  length: number,
  [before, after]: readonly [number, number],
  mode: string,
): number[] {
  const at: Readonly<Record<string, (i: number) => number>> = {
    edge: (i) => Math.min(Math.max(i, 0), length - 1),
    wrap: (i) => ((i % length) + length) % length,
    reflect: (i) => {
      const period = Math.max(2 * (length - 1), 1);
      const folded = ((i % period) + period) % period;
      return Math.min(folded, period - folded);
    },
  };
  const read = at[mode];
  if (!read) throw new Error(`padding of mode "${mode}" is not imported`);
  call.state.spend(checkKnownSize([before + length + after]));
  return Array.from({ length: before + length + after }, (_, i) => read(i - before));
}

/** All modes; what is padded with less than nothing is cut. */
const padding: Importer = (call) => {
  let x = call.tensor(0);
  const asked = call.ints(1, 'pads') ?? [];
  const axes = call.has(3)
    ? call
        .known(3, 'axes')
        .list()
        .map((axis) => normalizeAxis(axis, x.rank))
    : x.shape.map((_, i) => i);
  const pads = new Array<number>(2 * x.rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = asked[i]!;
    pads[axis + x.rank] = asked[i + axes.length]!;
  });
  for (let axis = 0; axis < x.rank; axis++) {
    const [before, after] = [-Math.min(pads[axis]!, 0), -Math.min(pads[axis + x.rank]!, 0)];
    x = slice(x, axis, before, x.shape[axis]! - after);
  }
  const positive = pads.map((p) => Math.max(p, 0));
  const mode = call.text('mode', 'constant');
  if (mode === 'constant') {
    const value = call.has(2) ? call.known(2, 'the value of padding').values[0]! : call.float('value', 0);
    return pad(x, positive, value);
  }
  for (let axis = 0; axis < x.rank; axis++) {
    const [before, after] = [positive[axis]!, positive[axis + x.rank]!];
    if (before + after > 0) x = take(x, axis, paddedPositions(call, x.shape[axis]!, [before, after], mode));
  }
  return x;
};

const parts: Importer = (call) => {
  const x = call.tensor(0);
  const axis = normalizeAxis(call.int('axis', 0), x.rank);
  const count = call.node.output.length;
  const even = Math.ceil(x.shape[axis]! / call.int('num_outputs', count));
  const equal = Array.from({ length: count }, (_, i) => Math.min(even, x.shape[axis]! - i * even));
  return split(x, call.ints(1, 'split') ?? equal, axis);
};

/** The order of axes in which blocks of channels become blocks of pixels. */
const depthToSpace: Importer = (call) => {
  const x = call.tensor(0);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const b = call.int('blocksize', 1);
  const isColumnRow = call.text('mode', 'DCR') === 'CRD';
  const cells = isColumnRow ? [n, c / b ** 2, b, b, h, w] : [n, b, b, c / b ** 2, h, w];
  const perm = isColumnRow ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  return reshape(transpose(reshape(x, cells), perm), [n, c / b ** 2, h * b, w * b]);
};

const spaceToDepth: Importer = (call) => {
  const x = call.tensor(0);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const b = call.int('blocksize', 1);
  const cells = reshape(x, [n, c, h / b, b, w / b, b]);
  return reshape(transpose(cells, [0, 3, 5, 1, 2, 4]), [n, c * b ** 2, h / b, w / b]);
};

/** Repetition goes through an axis of its own, so that nothing is copied before it has to be. */
const tile: Importer = (call) => {
  const x = call.tensor(0);
  const repeats = call.known(1, 'the repeats').list();
  const cells = x.shape.flatMap((d) => [1, d]);
  const repeated = x.shape.flatMap((d, i) => [repeats[i]!, d]);
  return reshape(
    expand(reshape(x, cells), repeated),
    x.shape.map((d, i) => d * repeats[i]!),
  );
};

/** The half of the last two axes on one side of a diagonal, the rest zero. */
const triangle: Importer = (call) => {
  const x = call.tensor(0);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  call.state.spend(checkKnownSize([rows, columns]));
  const offset = call.has(1) ? call.known(1, 'the diagonal').values[0]! : 0;
  const upper = call.int('upper', 1) === 1;
  const mask = Array.from({ length: rows * columns }, (_, i) => {
    const distance = (i % columns) - Math.floor(i / columns);
    return (upper ? distance >= offset : distance <= offset) ? 1 : 0;
  });
  if (x.dtype !== 'float32') return mul(x, constant(mask, [rows, columns], x.dtype));
  return where(constant(mask, [rows, columns], 'bool'), x, 0);
};

const toShape =
  (shapeOf: (call: Call, x: Tensor) => readonly number[]): Importer =>
  (call) => {
    const x = call.tensor(0);
    return reshape(x, shapeOf(call, x));
  };

export const movement: Readonly<Record<string, Importer>> = {
  Reshape: toShape((call, x) => {
    const asked = call.known(1, 'the shape').list();
    const shape = reshapedShape(x.shape, asked, call.int('allowzero', 0) === 1);
    if (sizeOf(shape) !== x.size)
      throw new Error(
        `cannot view [${x.shape}] as [${asked}]; if the shape was fixed when the file was written, import it at the size of then or export it with open sizes`,
      );
    return shape;
  }),
  Flatten: toShape((call, x) => {
    const named = call.int('axis', 1);
    const axis = named < 0 ? named + x.rank : named;
    return [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))];
  }),
  Squeeze: toShape((call, x) => squeezedShape(call, x.shape)),
  Unsqueeze: toShape((call, x) => unsqueezedShape(call, x.shape)),
  Transpose: (call) => {
    const x = call.tensor(0);
    return transpose(x, call.intList('perm') ?? x.shape.map((_, i) => x.rank - 1 - i));
  },
  Expand: (call) => {
    const x = call.tensor(0);
    const shape = expandedShape(x.shape, call.known(1, 'the shape').list());
    return expand(x, broadcastShapes(x.shape, shape));
  },
  Concat: (call) => concat(call.tensors(), call.int('axis', 0)),
  Split: parts,
  Slice: (call) => {
    const x = call.tensor(0);
    return slicedAxes(call, x.shape).reduce(
      (result, positions, axis) => (positions ? picked(result, axis, positions) : result),
      x,
    );
  },
  Pad: padding,
  Gather: gather,
  GatherElements: (call) =>
    gatherElements(call.tensor(0), cast(call.tensor(1), 'int64'), call.int('axis', 0)),
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: triangle,
};
