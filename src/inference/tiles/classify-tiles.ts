/** @file An image in windows: each goes through the network, and what it says is merged by weights that fall towards the edges. */

import { throwIfAborted } from '../../base/abortable.js';
import type { PictureRows } from '../../data/images/rows.js';
import type { Size } from '../../data/index.js';
import { normalizeInto } from '../../data/transforms/normalize.js';
import { resizeImage } from '../../data/transforms/resize.js';
import type { Classified } from '../class-map.js';
import { Strip } from './strip.js';
import { type Tile, windowStarts, windowWeights } from './tile.js';

/** A network as far as windows need it. */
export interface WindowNetwork {
  /** Number of classes, background included. */
  readonly classes: number;
  /** Of the network, in pixels. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background. */
  readonly threshold: number | undefined;
  /** Planes [3, H, W] of the input → probabilities [classes, H, W] of the input. */
  readonly probabilities: (planes: Float32Array) => Promise<Float32Array>;
}

/** What was made of an image. */
export interface ClassifiedTiles extends Classified {
  /** Windows that were looked at. */
  readonly windows: number;
}

/** How windows are gone through. */
export interface TilesOptions {
  /** Default false. */
  readonly wantsProbabilities?: boolean;
  /** Size of the result; default that of the image. */
  readonly resultSize?: Size;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at an image window by window, from the upper left to the lower right. Memory is that of the labels, of the rows of one row
 * of windows, and of `classes x input height x scaled width` numbers.
 *
 * @param picture rows of the image, which is never needed as a whole.
 */
export async function classifyTiles(
  picture: PictureRows,
  tile: Tile,
  network: WindowNetwork,
  { wantsProbabilities = false, resultSize, signal }: TilesOptions = {},
): Promise<ClassifiedTiles> {
  const { inputSize, classes, threshold } = network;
  const size = { width: picture.width, height: picture.height };
  const scaled = {
    width: Math.max(Math.round((size.width * inputSize.width) / tile.width), 1),
    height: Math.max(Math.round((size.height * inputSize.height) / tile.height), 1),
  };
  const [lefts, tops] = [
    windowStarts(scaled.width, inputSize.width, tile.overlap),
    windowStarts(scaled.height, inputSize.height, tile.overlap),
  ];
  const across = windowWeights(inputSize.width);
  const down = windowWeights(inputSize.height);
  const strip = new Strip({
    ...{ classes, scaled, size: resultSize ?? size, rows: inputSize.height, threshold, wantsProbabilities },
  });
  const used = {
    width: Math.min(inputSize.width, scaled.width),
    height: Math.min(inputSize.height, scaled.height),
  };
  let milliseconds = 0;
  for (const [index, top] of tops.entries()) {
    const rows = await readRows(picture, size, scaled, top, used.height);
    let merge: (() => void) | undefined;
    for (const left of lefts) {
      throwIfAborted(signal, 'segmenting an image');
      const running = network.probabilities(planesOf(rows, size, scaled, { left, top, ...used }, inputSize));
      // While the network works on this window, the last one is merged.
      milliseconds += timed(merge);
      const answer = await running;
      merge = () => strip.add(answer, left, { size: inputSize, used }, across, down);
    }
    milliseconds += timed(merge) + timed(() => strip.advance(tops[index + 1] ?? scaled.height));
  }
  const { labels, probabilities } = strip;
  return { labels, probabilities, milliseconds, windows: lefts.length * tops.length };
}

interface Rows {
  readonly data: Uint8Array;
  readonly first: number;
}

/** The rows of the image between which those of a row of windows are interpolated. */
async function readRows(
  picture: PictureRows,
  size: Size,
  scaled: Size,
  top: number,
  count: number,
): Promise<Rows> {
  const position = (row: number) => ((row + 0.5) * size.height) / scaled.height - 0.5;
  const first = Math.max(Math.floor(position(top)), 0);
  const last = Math.min(Math.floor(position(top + count - 1)) + 1, size.height - 1);
  return { data: await picture.rows(first, last - first + 1), first };
}

/** A window of the scaled image, normalised; what lies outside the image is of the mean colour. */
function planesOf(
  { data, first }: Rows,
  size: Size,
  scaled: Size,
  window: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
  inputSize: Size,
): Float32Array {
  const planes = new Float32Array(3 * inputSize.width * inputSize.height);
  normalizeInto(resizeImage(data, size, scaled, window, first), window, planes, inputSize);
  return planes;
}

function timed(work: (() => void) | undefined): number {
  const start = performance.now();
  work?.();
  return performance.now() - start;
}
