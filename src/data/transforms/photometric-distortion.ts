/** @file Photometric distortion: random brightness, contrast, saturation and hue (Liu et al., SSD, 2016, section 2.2). */
import type { Random } from '../../base/random.js';
import type { LabeledImage } from '../types.js';
import { hsvToRgb, rgbToHsv } from './hsv.js';

/** Each of the four changes happens with this probability. */
const PROBABILITY = 0.5;
/** Added to every channel: U(-32, 32). */
const BRIGHTNESS = 32;
/** Multiplies every channel: U(0.5, 1.5). */
const CONTRAST = [0.5, 1.5] as const;
/** Multiplies the saturation: U(0.5, 1.5). */
const SATURATION = [0.5, 1.5] as const;
/** Added to the hue, modulo 180: a whole number of steps of two degrees from -18 to 17. */
const HUE = 18;

/**
 * One draw of all changes, in the order in which they are made. Every stage gives 8-bit values, saturated to 0..255 and
 * truncated; a stage that was not drawn is undefined and leaves pixels alone.
 */
export interface Distortion {
  /** Output value of every input value: brightness, then contrast if it was drawn to come first. */
  readonly before?: Uint8Array;
  /** Output saturation of every saturation. */
  readonly saturation?: Uint8Array;
  /** Output hue of every hue. */
  readonly hue?: Uint8Array;
  /** Output value of every value: contrast if it was drawn to come last. */
  readonly after?: Uint8Array;
}

/**
 * Draws a distortion: brightness (p 0.5, + U(-32, 32)); contrast first or last (fair coin; p 0.5, x U(0.5, 1.5));
 * saturation (p 0.5, x U(0.5, 1.5)); hue (p 0.5, + integer in [-18, 18) of 180).
 */
export function drawDistortion(random: Random): Distortion {
  const drawn = <T>(draw: () => T): T | undefined => (random.chance(PROBABILITY) ? draw() : undefined);
  const drawContrast = () => drawn(() => random.range(...CONTRAST));

  const brightness = drawn(() => random.range(-BRIGHTNESS, BRIGHTNESS));
  const contrastFirst = random.chance(0.5);
  const first = contrastFirst ? drawContrast() : undefined;
  const saturation = drawn(() => random.range(...SATURATION));
  const hue = drawn(() => random.integer(2 * HUE) - HUE);
  const last = contrastFirst ? undefined : drawContrast();

  const brightened = brightness === undefined ? undefined : table(256, (value) => value + brightness);
  const contrasted = (factor: number | undefined) =>
    factor === undefined ? undefined : table(256, (value) => value * factor);
  return {
    before: chained(brightened, contrasted(first)),
    saturation: contrasted(saturation),
    hue: hue === undefined ? undefined : table(180, (value) => (value + hue + 180) % 180),
    after: contrasted(last),
  };
}

/**
 * Writes the pixels `start` to `end` (exclusive) of an HWC image, distorted, to the same place of `out`. Saturation and
 * hue each make a round trip through 8-bit HSV, rounding included, as in the reference.
 */
export function distortPixels(
  image: Uint8Array,
  out: Uint8Array,
  { before, saturation, hue, after }: Distortion,
  start: number,
  end: number,
): void {
  for (let at = 3 * start; at < 3 * end; at += 3) {
    let red = image[at]!;
    let green = image[at + 1]!;
    let blue = image[at + 2]!;
    if (before !== undefined) {
      red = before[red]!;
      green = before[green]!;
      blue = before[blue]!;
    }
    if (saturation !== undefined) {
      const hsv = rgbToHsv(red, green, blue);
      const rgb = hsvToRgb(hsv >> 16, saturation[(hsv >> 8) & 255]!, hsv & 255);
      red = rgb >> 16;
      green = (rgb >> 8) & 255;
      blue = rgb & 255;
    }
    if (hue !== undefined) {
      const hsv = rgbToHsv(red, green, blue);
      const rgb = hsvToRgb(hue[hsv >> 16]!, (hsv >> 8) & 255, hsv & 255);
      red = rgb >> 16;
      green = (rgb >> 8) & 255;
      blue = rgb & 255;
    }
    if (after !== undefined) {
      red = after[red]!;
      green = after[green]!;
      blue = after[blue]!;
    }
    out[at] = red;
    out[at + 1] = green;
    out[at + 2] = blue;
  }
}

/** Distorts the whole image; the mask is unchanged. */
export function photometricDistortion(sample: LabeledImage, random: Random): LabeledImage {
  const image = new Uint8Array(sample.image.length);
  distortPixels(sample.image, image, drawDistortion(random), 0, sample.mask.length);
  return { ...sample, image };
}

/** A function of 8-bit values, saturated and truncated to 8 bits. */
function table(length: number, of: (value: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, value) => Math.min(Math.max(of(value), 0), 255));
}

function chained(first: Uint8Array | undefined, second: Uint8Array | undefined): Uint8Array | undefined {
  return first && second ? first.map((value) => second[value]!) : (first ?? second);
}
