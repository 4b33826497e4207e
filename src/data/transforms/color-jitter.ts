/** @file Random brightness, contrast, saturation and hue in random order (torchvision `ColorJitter`, on PIL images). */
import type { Random } from '../../base/random.js';
import { grayOf } from './grayscale.js';
import { hsvToRgb, rgbToHsv } from './hsv.js';

const PROBABILITY = 0.8;

/** How far colours are moved. */
export interface JitterRange {
  /** Each factor is 1 +- U(0, this). */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** The hue moves by at most this share of the colour circle. */
  readonly hue: number;
}

const CONTRASTIVE: JitterRange = { brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 };
const HUES = 180;

/** Changes an HWC RGB image in place. */
type Change = (image: Uint8Array, amount: number) => void;

/**
 * With probability 0.8 changes an HWC RGB image in place: brightness, contrast, saturation and hue, one after the other in
 * random order. Each gives 8-bit values, cut off below 0 and above 255.
 *
 * @param range default: x U(0.6, 1.4), x U(0.6, 1.4), x U(0.8, 1.2), + U(-0.1, 0.1) of the circle.
 */
export function randomColorJitter(image: Uint8Array, random: Random, range = CONTRASTIVE): void {
  if (!random.chance(PROBABILITY)) return;
  const factor = (most: number) => random.range(1 - most, 1 + most);
  const changes: readonly (readonly [Change, number])[] = [
    [changeBrightness, factor(range.brightness)],
    [changeContrast, factor(range.contrast)],
    [changeSaturation, factor(range.saturation)],
    [changeHue, random.range(-range.hue, range.hue)],
  ];
  for (const [change, amount] of random.shuffle(changes)) change(image, amount);
}

/** Multiplies by `factor`. */
export function changeBrightness(image: Uint8Array, factor: number): void {
  applyTable(
    image,
    table((value) => value * factor),
  );
}

/** Moves every channel away from the mean gray of the image by `factor`. */
export function changeContrast(image: Uint8Array, factor: number): void {
  let sum = 0;
  for (let at = 0; at < image.length; at += 3) sum += grayOf(image[at]!, image[at + 1]!, image[at + 2]!);
  const mean = Math.floor((3 * sum) / image.length + 0.5);
  applyTable(
    image,
    table((value) => mean + (value - mean) * factor),
  );
}

/** Moves every pixel away from its own gray by `factor`; 0 makes it gray. */
export function changeSaturation(image: Uint8Array, factor: number): void {
  for (let at = 0; at < image.length; at += 3) {
    const gray = grayOf(image[at]!, image[at + 1]!, image[at + 2]!);
    for (let i = at; i < at + 3; i++) {
      const value = gray + (image[i]! - gray) * factor;
      image[i] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
}

/** Turns the hue by `turn` of the colour circle, to a whole number of steps of two degrees. */
export function changeHue(image: Uint8Array, turn: number): void {
  const shift = Math.round(turn * HUES);
  if (shift === 0) return;
  const turned = Uint8Array.from({ length: HUES }, (_, hue) => (hue + shift + HUES) % HUES);
  for (let at = 0; at < image.length; at += 3) {
    const hsv = rgbToHsv(image[at]!, image[at + 1]!, image[at + 2]!);
    const rgb = hsvToRgb(turned[hsv >> 16]!, (hsv >> 8) & 255, hsv & 255);
    image[at] = rgb >> 16;
    image[at + 1] = (rgb >> 8) & 255;
    image[at + 2] = rgb & 255;
  }
}

/** A function of 8-bit values, cut off and truncated to 8 bits. */
function table(of: (value: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => Math.min(Math.max(of(value), 0), 255));
}

function applyTable(image: Uint8Array, values: Uint8Array): void {
  for (let i = 0; i < image.length; i++) image[i] = values[image[i]!]!;
}
