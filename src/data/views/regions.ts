/**
 * @file Regions for the loss of contrastive training: a mask reduced to the positions of the features, and which of its
 * regions the loss looks at. Both are drawn here, as data, and not in the graph.
 */
import type { Random } from '../../base/random.js';

/** Regions that the loss looks at in every view, drawn with replacement. */
export const REGION_SAMPLES = 16;

/** Ids that no region of a data set with an ignored label can have: the label itself, and one kept free by masks. */
const NOTHING = [255, 254] as const;

/**
 * Reduces an HW mask to one id per cell of `stride` x `stride` pixels: the id that most of the cell's pixels have, of
 * several the smallest. The last cells may reach over the border; what lies outside does not count.
 * @param mask `[side, side]`.
 * @returns `[ceil(side / stride), ceil(side / stride)]`.
 */
export function poolRegions(mask: Uint8Array, side: number, stride: number): Uint8Array {
  const cells = Math.ceil(side / stride);
  const pooled = new Uint8Array(cells * cells);
  const counts = new Int32Array(256);
  for (let row = 0, cell = 0; row < cells; row++) {
    const bottom = Math.min((row + 1) * stride, side);
    for (let column = 0; column < cells; column++, cell++) {
      const left = column * stride;
      const right = Math.min(left + stride, side);
      let most = mask[row * stride * side + left]!;
      for (let y = row * stride; y < bottom; y++) {
        for (let at = y * side + left, end = y * side + right; at < end; at++) {
          const id = mask[at]!;
          const count = ++counts[id]!;
          if (count > counts[most]! || (count === counts[most] && id < most)) most = id;
        }
      }
      pooled[cell] = most;
      for (let y = row * stride; y < bottom; y++) {
        for (let at = y * side + left, end = y * side + right; at < end; at++) counts[mask[at]!] = 0;
      }
    }
  }
  return pooled;
}

export interface RegionIds {
  /** `[16]`, for the predictions. */
  readonly online: Uint8Array;
  /** `[16]`, for the targets, drawn independently. */
  readonly target: Uint8Array;
}

/**
 * Draws ids of the regions that occur in a pooled mask, all equally likely, 16 for each network.
 * @param ignored an id that is no region. Where nothing else occurs, the ids match nothing, so that the loss of the view
 * is zero.
 */
export function drawRegionIds(regions: Uint8Array, random: Random, ignored?: number): RegionIds {
  const found = new Uint8Array(256);
  for (const id of regions) found[id] = 1;
  if (ignored !== undefined) found[ignored] = 0;
  const ids = [...found.keys()].filter((id) => found[id] === 1);
  const draw = (nothing: number) =>
    Uint8Array.from({ length: REGION_SAMPLES }, () =>
      ids.length === 0 ? nothing : ids[random.integer(ids.length)]!,
    );
  return { online: draw(NOTHING[0]), target: draw(NOTHING[1]) };
}
