/** @file From a picture to what a network is given of it when it segments; training crops instead. */
import type { Size } from '../transforms/geometry.js';
import { normalizeImage } from '../transforms/normalize.js';
import { resizeImage } from '../transforms/resize.js';
import type { DecodedImage } from '../types.js';

/** The picture at the size of the input, HWC RGB; its aspect ratio is not kept. */
export const atInputSize = ({ data, width, height }: DecodedImage, inputSize: Size): Uint8Array =>
  resizeImage(data, { width, height }, inputSize);

/** Resized and normalised planes: `[3, H, W]` of the input. */
export const networkInput = (image: DecodedImage, inputSize: Size): Float32Array<ArrayBuffer> =>
  normalizeImage(atInputSize(image, inputSize), inputSize);
