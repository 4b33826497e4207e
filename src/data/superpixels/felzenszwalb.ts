/** @file Graph-based segmentation: splits any photograph into regions without knowing what is in it. */
import { OtxError } from '../../base/errors.js';
import type { Size } from '../transforms/geometry.js';
import { sortEdges } from './edges.js';
import { smoothImage } from './gaussian.js';

export interface SegmentationSettings {
  /** How much contrast within a segment is tolerated, on the scale of 0..255 pixels; larger gives larger segments. */
  readonly scale: number;
  /** Standard deviation of the smoothing before, in pixels. */
  readonly sigma: number;
  /** Smaller segments are joined to a neighbour, in pixels. */
  readonly minSize: number;
}

/** The settings with which the reference makes the pseudo masks of DetCon. */
export const PSEUDO_MASK_SETTINGS: SegmentationSettings = { scale: 1000, sigma: 0.8, minSize: 1000 };

export interface Segments {
  /** Segment of each pixel, HW: 0, 1, ... by the first pixel of each in reading order. */
  readonly ids: Int32Array;
  readonly count: number;
}

/**
 * Segments an HWC RGB image (Felzenszwalb and Huttenlocher, Efficient Graph-Based Image Segmentation, IJCV 2004).
 *
 * Pixels are joined along the edges of the 8-neighbour grid, lightest edge first: two segments become one if the edge
 * between them is lighter than the heaviest edge inside each of the two plus scale / size of that segment. Afterwards
 * segments below the minimal size are joined along the lightest edge that leaves them.
 *
 * The result is that of scikit-image's `felzenszwalb`, down to the single precision of its thresholds, except where edges
 * of exactly equal weight compete: their order is not defined there, here it is by direction, then by pixel.
 * @throws OtxError `image` for an image without pixels or of more than 2^28.
 */
export function segmentImage(image: Uint8Array, size: Size, settings: SegmentationSettings): Segments {
  const pixels = size.width * size.height;
  if (pixels === 0 || pixels > MAX_PIXELS) {
    throw new OtxError(
      'image',
      `an image of ${size.width}x${size.height} cannot be segmented; expected 1 to ${MAX_PIXELS} pixels`,
    );
  }
  const { order, weights, neighbour } = sortEdges(smoothImage(image, size, settings.sigma), size);
  const scale = settings.scale / 255;
  const parents = Int32Array.from({ length: pixels }, (_, pixel) => pixel);
  const sizes = new Int32Array(pixels).fill(1);
  /** Of a root: edges as heavy as this are no longer taken. */
  const limits = new Float32Array(pixels).fill(scale);

  const join = (a: number, b: number): number => {
    const root = Math.min(a, b);
    parents[Math.max(a, b)] = root;
    sizes[root] = sizes[a]! + sizes[b]!;
    return root;
  };

  // An edge that ends inside one segment never matters again; the others are kept, in order, at the front of the list.
  let kept = 0;
  for (let i = 0; i < order.length; i++) {
    const edge = order[i]!;
    const pixel = edge >> 2;
    const a = rootOf(parents, pixel);
    const b = rootOf(parents, pixel + neighbour[edge & 3]!);
    if (a === b) continue;
    const weight = weights[edge]!;
    if (weight < limits[a]! && weight < limits[b]!) {
      const root = join(a, b);
      limits[root] = weight + scale / sizes[root]!;
    } else {
      order[kept++] = edge;
    }
  }
  for (let i = 0; i < kept; i++) {
    const edge = order[i]!;
    const pixel = edge >> 2;
    const a = rootOf(parents, pixel);
    const b = rootOf(parents, pixel + neighbour[edge & 3]!);
    if (a !== b && (sizes[a]! < settings.minSize || sizes[b]! < settings.minSize)) join(a, b);
  }
  return numbered(parents);
}

/** Edge numbers, four times as many as pixels, are signed 32-bit integers. */
const MAX_PIXELS = 2 ** 28;

/** The root of the tree that holds a pixel; every other step on the way is shortened (path halving). */
function rootOf(parents: Int32Array, pixel: number): number {
  let at = pixel;
  let parent = parents[at]!;
  while (parent !== at) {
    const grandparent = parents[parent]!;
    parents[at] = grandparent;
    at = grandparent;
    parent = parents[at]!;
  }
  return at;
}

/** A root is the first pixel of its segment, so that going through the pixels in order meets the root first. */
function numbered(parents: Int32Array): Segments {
  const ids = new Int32Array(parents.length);
  let count = 0;
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const parent = parents[pixel]!;
    ids[pixel] = parent === pixel ? count++ : ids[parent]!;
  }
  return { ids, count };
}
