/** @file From a picture to what a network is given of it when it segments; training crops instead. */
import type { Size } from '../transforms/geometry.js';
import { normalizeImage } from '../transforms/normalize.js';
import { resizeImage } from '../transforms/resize.js';
import type { DecodedImage } from '../types.js';

/** The picture at the size of the input, HWC RGB; its aspect ratio is not kept. */
export const atInputSize = ({ data, width, height }: DecodedImage, inputSize: Size): Uint8Array =>
  resizeImage(data, { width, height }, inputSize);

/**
 * What a network is given of a picture: pixels at the size of its input, HWC RGB, or planes of them, `[3, H, W]` and normalised. Pixels
 * take a quarter of the bytes, which counts where they are sent to another process.
 */
export type NetworkPicture = Uint8Array | Float32Array;

/** Planes of either. */
export const toPlanes = (picture: NetworkPicture, inputSize: Size): Float32Array =>
  picture instanceof Float32Array ? picture : normalizeImage(picture, inputSize);

/** Resized and normalised planes: `[3, H, W]` of the input. */
export const networkInput = (image: DecodedImage, inputSize: Size): Float32Array<ArrayBuffer> =>
  normalizeImage(atInputSize(image, inputSize), inputSize);
