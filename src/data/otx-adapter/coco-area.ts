/**
 * @file The area of a polygon as COCO counts it, in whole pixels. The reference drops polygons by this number, and for tiny
 * ones it differs from the geometric area.
 *
 * Vertices lie on a grid of fifths of a pixel, edges are traced over that grid, and a pixel counts when its column's centre
 * line runs inside the polygon there.
 */

/** Steps of the grid per pixel; odd, so that the centre line of a column is a grid line. */
const STEPS = 5;

/**
 * Pixels inside a closed polygon.
 * @param points x, y, x, y, ... in pixels; the last vertex is joined to the first.
 * @param width of the image; nothing outside counts.
 */
export function cocoArea(points: ArrayLike<number>, width: number, height: number): number {
  const crossings: number[] = [];
  let last: GridPoint | undefined;
  for (const point of outline(points)) {
    if (last && point.u !== last.u) {
      const x = pixelOf(Math.min(last.u, point.u));
      if (Number.isInteger(x) && x >= 0 && x < width) {
        const y = Math.ceil(Math.min(Math.max(pixelOf(Math.min(last.v, point.v)), 0), height));
        crossings.push(x * height + y);
      }
    }
    last = point;
  }
  // Pixels are counted column by column, so that every second crossing ends a run of pixels inside.
  crossings.sort((a, b) => a - b);
  let area = 0;
  for (let i = 1; i < crossings.length; i += 2) area += crossings[i]! - crossings[i - 1]!;
  return area;
}

interface GridPoint {
  readonly u: number;
  readonly v: number;
}

/** Every grid point along the edges, one per step of the longer axis of each edge, in the direction of travel. */
function* outline(points: ArrayLike<number>): Generator<GridPoint> {
  const count = points.length / 2;
  const vertex = (i: number): GridPoint => {
    const at = 2 * (i % count);
    return { u: Math.trunc(STEPS * points[at]! + 0.5), v: Math.trunc(STEPS * points[at + 1]! + 0.5) };
  };
  for (let i = 0; i < count; i++) {
    const from = vertex(i);
    const to = vertex(i + 1);
    const du = Math.abs(to.u - from.u);
    const dv = Math.abs(to.v - from.v);
    const steps = Math.max(du, dv);
    const alongU = du >= dv;
    // Edges are always interpolated from the lower end, so that both directions round alike.
    const backwards = alongU ? from.u > to.u : from.v > to.v;
    const [low, high] = backwards ? [to, from] : [from, to];
    const slope = steps === 0 ? 0 : (alongU ? high.v - low.v : high.u - low.u) / steps;
    for (let step = 0; step <= steps; step++) {
      const t = backwards ? steps - step : step;
      yield alongU
        ? { u: low.u + t, v: Math.trunc(low.v + slope * t + 0.5) }
        : { u: Math.trunc(low.u + slope * t + 0.5), v: low.v + t };
    }
  }
}

/** Position in pixels of the middle of a grid cell. */
const pixelOf = (cell: number): number => (cell + 0.5) / STEPS - 0.5;
