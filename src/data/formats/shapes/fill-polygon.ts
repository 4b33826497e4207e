/** @file Fills polygons: a pixel belongs to a polygon when its centre lies inside. */
import type { Size } from '../../transforms/geometry.js';

interface Edge {
  readonly top: number;
  readonly bottom: number;
  /** Where the edge is at `top`, and how far it moves per row. */
  readonly x: number;
  readonly slope: number;
  readonly y: number;
}

/**
 * Fills the pixels of `plane` (HW) whose centres lie inside an odd number of the rings.
 *
 * The centre of pixel (0, 0) is at (0.5, 0.5). A centre exactly on a left or upper edge is inside, on a right or lower edge
 * outside, so that polygons that share an edge share no pixel. Rings close by themselves and may reach beyond the image.
 *
 * @param scale factors from coordinates to pixels.
 */
export function fillPolygon(
  plane: Uint8Array,
  { width, height }: Size,
  rings: readonly Float64Array[],
  value: number,
  scale: { readonly x: number; readonly y: number } = { x: 1, y: 1 },
): void {
  const edges = rings.flatMap((ring) => edgesOf(ring, scale, height)).sort((a, b) => a.top - b.top);
  let next = 0;
  let active: Edge[] = [];
  for (let row = edges[0]?.top ?? height; row < height; row++) {
    active = active.filter(({ bottom }) => row < bottom);
    while (next < edges.length && edges[next]!.top <= row) active.push(edges[next++]!);
    if (active.length === 0 && next === edges.length) return;
    const crossings = active.map(({ x, y, slope }) => x + (row + 0.5 - y) * slope).sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(Math.ceil(crossings[i]! - 0.5), 0);
      const to = Math.min(Math.ceil(crossings[i + 1]! - 0.5), width);
      if (from < to) plane.fill(value, row * width + from, row * width + to);
    }
  }
}

/** Edges with the rows whose centres they cross: `top` up to, not including, `bottom`. */
function edgesOf(ring: Float64Array, scale: { x: number; y: number }, height: number): Edge[] {
  const edges: Edge[] = [];
  const corners = Math.floor(ring.length / 2);
  for (let i = 0; i < corners; i++) {
    const j = (i + 1) % corners;
    const start = { x: ring[2 * i]! * scale.x, y: ring[2 * i + 1]! * scale.y };
    const end = { x: ring[2 * j]! * scale.x, y: ring[2 * j + 1]! * scale.y };
    // Always from above, so that an edge that two polygons share gives both the same crossings.
    const [upper, lower] = start.y <= end.y ? [start, end] : [end, start];
    const top = Math.max(Math.ceil(upper.y - 0.5), 0);
    const bottom = Math.min(Math.ceil(lower.y - 0.5), height);
    if (top >= bottom) continue;
    edges.push({ top, bottom, x: upper.x, y: upper.y, slope: (lower.x - upper.x) / (lower.y - upper.y) });
  }
  return edges;
}
