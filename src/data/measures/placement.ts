/** @file How well labels lie on the edges of their picture, and whether they would lie better elsewhere or the other way round. */

import type { CellMap } from './gray-cells.js';

/** Ways to lay labels on a picture of the same size; quarter turns on square ones alone. */
export type Turn = 'mirrored' | 'upside down' | 'half turn' | 'quarter turn';

/**
 * Fits are mean strengths of the picture's edges under the borders of the labels, in deviations above the picture's mean. A lead
 * is the fit of a place less that of the best place that is not beside it: where it is small, the edges do not tell one place
 * from another.
 */
export interface Placement {
  /** As the labels lie. */
  readonly own: { readonly fit: number; readonly lead: number };
  /** At the shift at which they fit best, which is given in shares of the width and the height. */
  readonly shifted: {
    readonly fit: number;
    readonly lead: number;
    readonly right: number;
    readonly down: number;
  };
  /** In the turn in which they fit best. */
  readonly turned: { readonly fit: number; readonly turn: Turn };
}

/** Farthest shift that is tried, as a share of the longer side. */
const FARTHEST = 0.2;
/** Of the border cells at least this share must stay within the picture. */
const WITHIN = 0.6;
/** Cells around a place that are beside it. */
const BESIDE = 4;

/** @param borders one value a cell of `edges`, 1 where labels have a border; not all 0. */
export function placementOf(edges: CellMap, borders: Uint8Array): Placement {
  const { width, height } = edges;
  const cells = cellsWith(borders, width);
  const reach = Math.round(FARTHEST * Math.max(width, height));
  const places: Place[] = [];
  for (let down = -reach; down <= reach; down++) {
    for (let right = -reach; right <= reach; right++) {
      places.push({ right, down, fit: fitOf(edges, cells, right, down) });
    }
  }
  const best = places.reduce((first, next) => (next.fit > first.fit ? next : first));
  const own = { right: 0, down: 0, fit: fitOf(edges, cells, 0, 0) };
  return {
    own: { fit: own.fit, lead: leadOf(own, places) },
    shifted: {
      fit: best.fit,
      lead: leadOf(best, places),
      right: best.right / width,
      down: best.down / height,
    },
    turned: bestTurn(edges, cells),
  };
}

/** Fit of labels on the edges of any picture, in cells of that picture. */
export function fitOn(edges: CellMap, borders: Uint8Array): number {
  return fitOf(edges, cellsWith(borders, edges.width), 0, 0);
}

interface Place {
  readonly right: number;
  readonly down: number;
  readonly fit: number;
}

function leadOf({ right, down, fit }: Place, places: readonly Place[]): number {
  let rival = Number.NEGATIVE_INFINITY;
  for (const other of places) {
    if (Math.abs(other.right - right) <= BESIDE && Math.abs(other.down - down) <= BESIDE) continue;
    rival = Math.max(rival, other.fit);
  }
  return fit - rival;
}

function bestTurn(edges: CellMap, { x, y }: Cells): Placement['turned'] {
  const [right, bottom] = [edges.width - 1, edges.height - 1];
  const mirrored = x.map((value) => right - value);
  const flipped = y.map((value) => bottom - value);
  const turns: [Turn, Cells][] = [
    ['mirrored', { x: mirrored, y }],
    ['upside down', { x, y: flipped }],
    ['half turn', { x: mirrored, y: flipped }],
    ...(right === bottom
      ? ([
          ['quarter turn', { x: flipped, y: x }],
          ['quarter turn', { x: y, y: mirrored }],
        ] as [Turn, Cells][])
      : []),
  ];
  // Borders are marked on the pixel left of or above them: turned, they lie on its other side.
  const sides = [-1, 0];
  const fits = turns.flatMap(([turn, cells]) =>
    sides.flatMap((across) => sides.map((down) => ({ turn, fit: fitOf(edges, cells, across, down) }))),
  );
  return fits.reduce((first, next) => (next.fit > first.fit ? next : first));
}

interface Cells {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

function cellsWith(borders: Uint8Array, width: number): Cells {
  const cells: number[] = [];
  borders.forEach((is, i) => {
    if (is) cells.push(i);
  });
  return {
    x: Int32Array.from(cells, (i) => i % width),
    y: Int32Array.from(cells, (i) => Math.floor(i / width)),
  };
}

/** Not to be compared where too few cells are left within the picture. */
function fitOf(
  { data, width, height }: CellMap,
  { x: xs, y: ys }: Cells,
  right: number,
  down: number,
): number {
  let [sum, within] = [0, 0];
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i]! + right;
    const y = ys[i]! + down;
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    sum += data[y * width + x]!;
    within++;
  }
  return within === 0 || within < WITHIN * xs.length ? Number.NEGATIVE_INFINITY : sum / within;
}
