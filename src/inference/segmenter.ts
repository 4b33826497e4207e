/** @file Pictures in, class maps out: the one way from an image to its classes that is not training. */

import { checkOptions } from '../base/check-options.js';
import { OtxError } from '../base/errors.js';
import { createTurns } from '../base/turns.js';
import type { ClassInfo, Size } from '../data/index.js';
import { openModels } from './combined-model.js';
import { type ImageSource, openPicture } from './image-source.js';
import { namesUsedBy } from './model-settings.js';
import type { CombinedOptions, OpenedModel } from './opened-model.js';
import {
  type Segmentation,
  type SegmentedImage,
  type SegmentOptions,
  segmentPicture,
} from './segment-picture.js';
import { COMBINED_KINDS } from './trained-model.js';

/** Pictures beside those in the network: the next one ready, and one being decoded or classified. */
const BESIDE = 2;

/** Which models a segmenter opens, and how it computes. */
export interface SegmenterOptions extends CombinedOptions {}

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
   * Of more than five calls the others wait, so that memory does not grow with their number.
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
 * Opens a trained model: a run folder, a checkpoint, weights from elsewhere, or an exported `.onnx` or `.xml` file; or several as one.
 *
 * @throws OtxError `checkpoint` when the weights cannot be used or belong to another template than the one named; `usage`.
 */
export async function createSegmenter(options: SegmenterOptions): Promise<Segmenter> {
  checkOptions('createSegmenter()', options, COMBINED_KINDS, namesUsedBy('predict'));
  const model = await openModels(options);
  const { classes, inputSize, threshold } = model;
  const takeTurn = createTurns(model.atOnce + BESIDE);
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

/** The way of every picture, the file included. */
export async function segmentSource(
  model: OpenedModel,
  source: ImageSource,
  options: SegmentOptions = {},
): Promise<SegmentedImage> {
  const start = performance.now();
  return segmentPicture(model, await openPicture(source, model.data?.imageReading), options, start);
}
