/** @file Rounded shapes of no particular form: stretched discs whose rim waves in and out. */

import type { Random } from '../../base/random.js';

/** Lengths in units of the canvas. */
export interface Blob {
  readonly x: number;
  readonly y: number;
  /** Mean radius. */
  readonly radius: number;
  /** Its length over its radius, and its radius over its width. */
  readonly stretch: number;
  readonly cos: number;
  readonly sin: number;
  readonly waves: readonly { readonly count: number; readonly size: number; readonly phase: number }[];
}

/** How far blobs may differ from discs. */
export interface BlobForm {
  /** Largest stretch, from 1. */
  readonly stretch: number;
  /** Size of the slowest wave of the rim as a share of the radius. */
  readonly waviness: number;
  /** Numbers of waves around the rim; more of them make corners and dents. Default 2, 3 and 5. */
  readonly counts?: readonly number[];
}

/** Draws a blob at a place. */
export function drawBlob(random: Random, x: number, y: number, radius: number, form: BlobForm): Blob {
  const { stretch, waviness, counts = [2, 3, 5] } = form;
  const turn = random.range(0, 2 * Math.PI);
  return {
    x,
    y,
    radius,
    stretch: random.range(1, stretch),
    cos: Math.cos(turn),
    sin: Math.sin(turn),
    waves: counts.map((count) => ({
      count,
      size: (waviness * random.range(0.3, 1) * counts[0]!) / count,
      phase: random.range(0, 2 * Math.PI),
    })),
  };
}

/** How deep (x, y) lies inside the rim in units, negative outside; not exact where the blob is stretched. */
export function depthIn(blob: Blob, x: number, y: number): number {
  const dx = x - blob.x;
  const dy = y - blob.y;
  const u = (dx * blob.cos + dy * blob.sin) / blob.stretch;
  const v = (dy * blob.cos - dx * blob.sin) * blob.stretch;
  const angle = Math.atan2(v, u);
  let rim = 1;
  for (const { count, size, phase } of blob.waves) rim += size * Math.sin(count * angle + phase);
  return blob.radius * rim - Math.sqrt(u * u + v * v);
}

/** No point of the blob is farther from its centre. */
export function reachOf(blob: Blob): number {
  const highest = blob.waves.reduce((sum, { size }) => sum + size, 1);
  return blob.radius * highest * blob.stretch;
}
