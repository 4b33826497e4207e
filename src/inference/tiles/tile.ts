/** @file Whether an image is looked at as a whole or in windows that overlap, and of which size these are. */

import { median } from '../../base/quantile.js';
import type { DataReading, Size } from '../../data/index.js';
import type { HyperParameters } from '../../settings/index.js';
import { parseTile } from '../../settings/kinds.js';

/** Windows of an image, each of which is resized to the network input. */
export interface Tile extends Size {
  /** Share of a window that the next one repeats, 0 to 0.9. */
  readonly overlap: number;
}

/** What decides about windows. */
export interface Tiling {
  /** The setting `tile`: `auto`, `off`, or a size. */
  readonly tile: string;
  /** The setting `overlap`. */
  readonly overlap: number;
  /** Usual size of the images that the model learned from; undefined where that is not known. */
  readonly learnedSize?: Size | undefined;
}

/** In both directions so many times as large as what was learned from, an image shows its objects at another scale. */
const MUCH_LARGER = 2;
/** In both directions so many times as large as the network input, an image of unknown kind may show what vanishes in it. */
const VANISHING = 4;

/** The windows in which an image is looked at; undefined where it is looked at as a whole. */
export function tileFor({ tile, overlap, learnedSize }: Tiling, image: Size): Tile | undefined {
  if (tile === 'off') return undefined;
  if (tile === 'auto') {
    return learnedSize && isLarger(image, learnedSize, MUCH_LARGER) ? { ...learnedSize, overlap } : undefined;
  }
  const size = parseTile(tile);
  if (!size) return undefined;
  return image.width > size.width || image.height > size.height ? { ...size, overlap } : undefined;
}

/** What the settings of a model, and what is known of its data, say of windows. */
export const tilingOf = (
  { tiling_parameters: { tile_size, tile_overlap } }: Pick<HyperParameters, 'tiling_parameters'>,
  data: DataReading | undefined,
): Tiling => ({ tile: tile_size, overlap: tile_overlap, learnedSize: data?.imageSize });

/** Whether an image is shrunk so much that somebody should know, while nothing says at which scale the model learned. */
export function mayVanish({ tile, learnedSize }: Tiling, image: Size, inputSize: Size): boolean {
  return tile === 'auto' && learnedSize === undefined && isLarger(image, inputSize, VANISHING);
}

/** What to say of how images are looked at, one sentence each: that windows were chosen, or that an image shrinks much. */
export function noticesOf(
  { tiling, inputSize }: { readonly tiling: Tiling; readonly inputSize: Size },
  images: readonly Size[],
): string[] {
  const tiled = images.filter((image) => tileFor(tiling, image));
  const shrunk = images.filter((image) => mayVanish(tiling, image, inputSize));
  const notices: string[] = [];
  if (tiled.length > 0) {
    const { width, height, overlap } = tileFor(tiling, tiled[0]!)!;
    const why = tiling.tile === 'auto' ? ', the size of the images that were learned from' : '';
    notices.push(
      `${countOf(tiled, images)} looked at in windows of ${width}x${height} pixels${why}, which overlap by ` +
        `${Math.round(100 * overlap)} % (--tile off looks at whole images)`,
    );
  }
  if (shrunk.length > 0) {
    const least = Math.round(
      Math.min(
        ...shrunk.map(({ width, height }) => Math.min(width / inputSize.width, height / inputSize.height)),
      ),
    );
    const times = shrunk.length === 1 ? `${least} times` : `${least} times or more`;
    notices.push(
      `${countOf(shrunk, images)} shrunk ${times}, to ${inputSize.width}x${inputSize.height}: what is small there vanishes; --tile ` +
        `${inputSize.width} looks at windows`,
    );
  }
  return notices;
}

const countOf = (some: readonly Size[], all: readonly Size[]): string =>
  all.length === 1
    ? `the image of ${some[0]!.width}x${some[0]!.height} is`
    : `${some.length} of ${all.length} images are`;

const isLarger = (image: Size, than: Size, times: number): boolean =>
  image.width >= times * than.width && image.height >= times * than.height;

/** The usual size of what a training looks at: its images, or windows of them. */
export function learnedSize(
  images: readonly Size[],
  { tiling_parameters: { tile_size } }: Pick<HyperParameters, 'tiling_parameters'>,
): Size {
  return parseTile(tile_size) ?? usualSize(images);
}

/** The median of the widths of images, and of their heights; of one image at least. */
export function usualSize(images: readonly Size[]): Size {
  return {
    width: median(images.map(({ width }) => width)),
    height: median(images.map(({ height }) => height)),
  };
}

/**
 * Where windows begin along one side, evenly spread from one end to the other.
 *
 * @param length of the side, in pixels of the network input.
 * @param window side of the network input.
 * @param overlap smallest share of a window that the next one repeats.
 */
export function windowStarts(length: number, window: number, overlap: number): number[] {
  if (length <= window) return [0];
  const stride = Math.max(Math.floor(window * (1 - overlap)), 1);
  const steps = Math.ceil((length - window) / stride);
  return Array.from({ length: steps + 1 }, (_, i) => Math.round((i * (length - window)) / steps));
}

/**
 * Weight of each pixel of a window along one side: largest in the middle, where the network has seen most of what is around, and
 * nearly none at the edges, so that no seam is left (Hann window).
 */
export function windowWeights(window: number): Float32Array {
  return Float32Array.from({ length: window }, (_, i) =>
    Math.max(Math.sin((Math.PI * (i + 0.5)) / window) ** 2, LEAST),
  );
}

/** At the corner of an image there is nothing else. */
const LEAST = 1e-3;
