/** @file One sample of a training batch. Nothing of Node is in it. */
import { Random } from '../../base/random.js';
import type { Augmentation } from '../augmentation.js';
import type { LabeledImage } from '../types.js';

/** Augments a sample into a place of a batch, whose arrays are zero there: `[N, 3, S, S]` and `[N, S, S]`. */
export function augmentInto(
  { images, labels }: { readonly images: Float32Array; readonly labels: Uint8Array },
  place: number,
  {
    augment,
    source,
    seed,
    side,
  }: {
    readonly augment: Augmentation;
    readonly source: LabeledImage;
    /** Of all that is drawn. */
    readonly seed: string;
    /** Of the square network input, in pixels. */
    readonly side: number;
  },
): void {
  const area = side * side;
  augment(source, new Random(seed), {
    planes: images.subarray(place * 3 * area, (place + 1) * 3 * area),
    labels: labels.subarray(place * area, (place + 1) * area),
    side,
  });
}
