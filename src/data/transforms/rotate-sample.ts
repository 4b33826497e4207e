/** @file Random rotation of a sample before it is normalised; rotate.ts turns finished network inputs. */
import type { Random } from '../../base/random.js';
import { IGNORE_INDEX, type LabeledImage } from '../types.js';
import { PIXEL_MEAN } from './normalize.js';

const PROBABILITY = 0.5;
/** Angles come from U(-30, 30) degrees. */
const LARGEST_ANGLE = 30;
/** Next to zero after normalisation, as padding is; the reference's black would move the statistics of the network. */
const FILL = PIXEL_MEAN.map(Math.round);

/** Rotates by U(-30, 30) degrees with probability 0.5; see {@link rotateSample}. */
export function randomRotateSample(sample: LabeledImage, random: Random): LabeledImage {
  return random.chance(PROBABILITY)
    ? rotateSample(sample, random.range(-LARGEST_ANGLE, LARGEST_ANGLE))
    : sample;
}

/**
 * Turns image and mask about their centre, the canvas keeping its size. The image is interpolated bilinearly, the mask
 * takes the nearest. What comes from outside has the mean colour in the image and 255 in the mask.
 * @param degrees clockwise as seen on the screen.
 */
export function rotateSample({ image, mask, width, height }: LabeledImage, degrees: number): LabeledImage {
  const framed = withFrame(image, width, height);
  const stride = 3 * (width + 2);
  const turnedImage = filled(width * height);
  const turnedMask = new Uint8Array(mask.length).fill(IGNORE_INDEX);
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      // Where this pixel comes from.
      const fromX = centreX + cos * (x - centreX) + sin * (y - centreY);
      const fromY = centreY - sin * (x - centreX) + cos * (y - centreY);
      if (fromX <= -1 || fromY <= -1 || fromX >= width || fromY >= height) continue;

      // Both are positive after the shift by the frame, so cutting off the fraction rounds down.
      const left = (fromX + 1) | 0;
      const top = (fromY + 1) | 0;
      const right = fromX + 1 - left;
      const bottom = fromY + 1 - top;
      for (let channel = 0, from = top * stride + 3 * left; channel < 3; channel++, from++) {
        const above = framed[from]! * (1 - right) + framed[from + 3]! * right;
        const below = framed[from + stride]! * (1 - right) + framed[from + stride + 3]! * right;
        turnedImage[3 * at + channel] = above * (1 - bottom) + below * bottom + 0.5;
      }

      const nearX = (fromX + 1.5) | 0;
      const nearY = (fromY + 1.5) | 0;
      if (nearX > 0 && nearY > 0 && nearX <= width && nearY <= height) {
        turnedMask[at] = mask[(nearY - 1) * width + nearX - 1]!;
      }
    }
  }
  return { image: turnedImage, mask: turnedMask, width, height };
}

/** The image with a frame of the mean colour one pixel wide, so that interpolating at the border needs no special case. */
function withFrame(image: Uint8Array, width: number, height: number): Uint8Array {
  const stride = 3 * (width + 2);
  const framed = filled((width + 2) * (height + 2));
  for (let y = 0; y < height; y++) {
    framed.set(image.subarray(3 * y * width, 3 * (y + 1) * width), (y + 1) * stride + 3);
  }
  return framed;
}

/** So many pixels of the mean colour. */
function filled(pixels: number): Uint8Array {
  const image = new Uint8Array(3 * pixels);
  const [red, green, blue] = FILL as [number, number, number];
  for (let at = 0; at < image.length; at += 3) {
    image[at] = red;
    image[at + 1] = green;
    image[at + 2] = blue;
  }
  return image;
}
