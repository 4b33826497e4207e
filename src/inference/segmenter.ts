/** @file Pictures in, class maps out: the one way from an image to its classes that is not training. */

import { checkOptions } from '../base/check-options.js';
import { OtxError } from '../base/errors.js';
import { createTurns } from '../base/turns.js';
import { atInputSize } from '../data/images/network-input.js';
import type { ClassInfo, Size } from '../data/index.js';
import type { DecodedImage } from '../data/types.js';
import { openModels } from './combined-model.js';
import { type ImageSource, openPicture, wholeOf } from './image-source.js';
import { namesUsedBy } from './model-settings.js';
import type { CombinedOptions, OpenedModel } from './opened-model.js';
import { classifyTiles } from './tiles/classify-tiles.js';
import { tileFor } from './tiles/tile.js';
import { windowNetworkOf } from './tiles/window-network.js';
import { COMBINED_KINDS } from './trained-model.js';

/** One picture in the network, the next one ready, and one being decoded or classified. */
const UNDER_WAY = 3;

/** Which models a segmenter opens, and how it computes. */
export interface SegmenterOptions extends CombinedOptions {}

/** What to give besides the classes. */
export interface SegmentOptions {
  /** Whether to give the probability of every class for every pixel; it takes 4 bytes each. Default false. */
  readonly probabilities?: boolean | undefined;
}

/** A class of an image. */
export interface SegmentedClass extends ClassInfo {
  /** Share of the image's pixels, 0 to 1. */
  readonly share: number;
}

/** What is where in an image. */
export interface Segmentation {
  /** Of the image, in pixels. */
  readonly width: number;
  /** Of the image, in pixels. */
  readonly height: number;
  /** Index of the class of each pixel, row by row: [height, width]. */
  readonly labels: Uint8Array;
  /** By index, background first; those too that the image does not show. */
  readonly classes: readonly SegmentedClass[];
  /** Where asked for: [classes, height, width], of each pixel 1 together; without regard to the threshold. */
  readonly probabilities: Float32Array | undefined;
  /** In how many windows the image was looked at; 1 for an image that was looked at as a whole. */
  readonly windows: number;
  /** A defect of the picture file that could be decoded around. */
  readonly warning: string | undefined;
  /** Time of decoding and resizing, of the network (waiting for its turn included), and of finding the classes. */
  readonly milliseconds: { readonly prepare: number; readonly network: number; readonly classify: number };
}

/** A trained model that segments pictures in memory. */
export interface Segmenter {
  /** Background first. */
  readonly classes: readonly ClassInfo[];
  /** Size of the network input in pixels, to which every image, or every window of a large one, is resized. */
  readonly inputSize: Size;
  /** Pixels whose best class is less probable are background; undefined for none. */
  readonly threshold: number | undefined;
  /**
   * Segments a picture of any size. Several calls may be under way: one picture is decoded while the network works on another.
   * Of more than three calls the others wait, so that memory does not grow with their number.
   * The bytes of a picture must not change before its result is there.
   *
   * @throws OtxError `image` for a picture that cannot be decoded, `usage` for pixels that do not fit their size, `numeric`
   * when the network gives no sensible numbers.
   */
  segment(image: ImageSource, options?: SegmentOptions): Promise<Segmentation>;
  /**
   * Lets go of the threads, or of the process, that compute. Calls that are under way may fail, later ones do (`usage`).
   * May be called again.
   */
  dispose(): Promise<void>;
}

/**
 * Opens a trained model: a run folder, a checkpoint, weights from elsewhere, or an exported `.onnx` file; or several as one.
 *
 * @throws OtxError `checkpoint` when the weights cannot be used or belong to another template than the one named; `usage`.
 */
export async function createSegmenter(options: SegmenterOptions): Promise<Segmenter> {
  checkOptions('createSegmenter()', options, COMBINED_KINDS, namesUsedBy('predict'));
  const model = await openModels(options);
  const { classes, inputSize, threshold } = model;
  const takeTurn = createTurns(UNDER_WAY);
  let isDisposed = false;
  const requireLive = () => {
    if (isDisposed) throw new OtxError('usage', 'the segmenter was disposed; create another one');
  };
  return {
    classes,
    inputSize,
    threshold,
    segment: async (image, wanted = {}) => {
      checkOptions('segment()', wanted, { probabilities: 'boolean?' });
      requireLive();
      try {
        return (await takeTurn(() => segmentSource(model, image, wanted))).segmentation;
      } catch (error) {
        // What the network says when it is gone is neither the picture's fault nor the file's.
        requireLive();
        throw error;
      }
    },
    dispose: () => {
      isDisposed = true;
      return model.dispose();
    },
  };
}

/** A picture with its classes. */
export interface SegmentedImage {
  /** HWC RGB; undefined of a picture that is too large to be in memory as a whole. */
  readonly image: DecodedImage | undefined;
  readonly segmentation: Segmentation;
}

/** The way of every picture: decode, resize, normalise, network, resize back, threshold, best class. */
export async function segmentSource(
  model: OpenedModel,
  source: ImageSource,
  { probabilities = false }: SegmentOptions = {},
): Promise<SegmentedImage> {
  const start = performance.now();
  const picture = await openPicture(source, model.data?.imageReading);
  const { width, height, warning } = picture;
  const tile = tileFor(model.tiling, picture);
  const image = tile ? picture.whole : await wholeOf(picture);
  const pixels = image && !tile ? atInputSize(image, model.inputSize) : undefined;
  const prepared = performance.now();
  const classified = tile
    ? await classifyTiles(picture, tile, windowNetworkOf(model), { wantsProbabilities: probabilities })
    : { ...(await model.classify(pixels!, { width, height }, probabilities)), windows: 1 };
  const { labels, windows, milliseconds: classify } = classified;
  const shares = sharesOf(labels, model.classes.length);
  const segmentation = {
    width,
    height,
    labels,
    classes: model.classes.map((info, index) => ({ ...info, share: shares[index]! })),
    probabilities: classified.probabilities,
    windows,
    warning,
    milliseconds: {
      prepare: prepared - start,
      network: performance.now() - prepared - classify,
      classify,
    },
  };
  return { image, segmentation };
}

function sharesOf(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts.map((count) => count / labels.length);
}
