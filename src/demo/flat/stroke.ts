/** @file Bent lines of a width. */

/** A line around (x, y) in a direction of unit length, bent like a parabola. Lengths in units of the canvas. */
export interface Stroke {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  /** Half of its length. */
  readonly half: number;
  readonly width: number;
  /** How far both ends lie to the left of the middle, looking along the line with y upwards. */
  readonly bend: number;
}

/** Where a point lies beside the middle line of a stroke, positive on one side, and how far beyond its ends. */
export function besideStroke(s: Stroke, x: number, y: number): { aside: number; beyond: number } {
  const px = x - s.x;
  const py = y - s.y;
  const along = px * s.dx + py * s.dy;
  const share = along / s.half;
  return {
    aside: py * s.dx - px * s.dy + s.bend * Math.min(share * share, 1),
    beyond: Math.max(Math.abs(along) - s.half, 0),
  };
}

/** How deep a point lies inside the union of strokes with round ends, negative outside. */
export function depthInStrokes(strokes: readonly Stroke[], x: number, y: number): number {
  let deepest = Number.NEGATIVE_INFINITY;
  for (const stroke of strokes) {
    const { aside, beyond } = besideStroke(stroke, x, y);
    deepest = Math.max(deepest, stroke.width / 2 - Math.sqrt(aside * aside + beyond * beyond));
  }
  return deepest;
}

/** No point of the stroke is farther from its middle. */
export function reachOfStroke({ half, bend, width }: Stroke): number {
  return half + Math.abs(bend) + width;
}
