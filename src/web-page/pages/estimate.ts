/** @file What a training will take, as measured. */

import type { WebTemplateName } from '../../web-training/templates.js';
import type { PageSettings } from './types.js';

interface Measured {
  /** Milliseconds of a step on two cores, without its pixels and for each million of them. */
  readonly time: readonly [fixed: number, perMegapixel: number];
  /** Bytes at the peak of a step for each pixel of its pictures. */
  readonly bytesPerPixel: number;
  /** Bytes of weights with all that the optimiser remembers, several times. */
  readonly bytes: number;
}

/** On two cores of a server with AVX2, in Chromium; bytes are those that the compiler plans. */
const MEASURED: Readonly<Record<WebTemplateName, Measured>> = {
  'Lite-HRNet-s-mod2': { time: [40, 2800], bytesPerPixel: 2000, bytes: 250e6 },
  'Lite-HRNet-18-mod2': { time: [90, 4600], bytesPerPixel: 2000, bytes: 300e6 },
  'SegNext-t': { time: [60, 9000], bytesPerPixel: 4000, bytes: 400e6 },
};

/** Bytes of a decoded picture with its mask, for each of its pixels. */
const PER_PICTURE_PIXEL = 4;

/** What a training will take. */
export interface Estimate {
  readonly seconds: number;
  readonly bytes: number;
}

/** On two cores, with threads. @param pixels of all pictures that it decodes */
export function estimate({ template, steps, batchSize, inputSize }: PageSettings, pixels: number): Estimate {
  const { time, bytesPerPixel, bytes } = MEASURED[template];
  const inStep = batchSize * inputSize ** 2;
  return {
    seconds: (steps * (time[0] + (time[1] * inStep) / 1e6)) / 1000,
    bytes: bytes + bytesPerPixel * inStep + PER_PICTURE_PIXEL * pixels,
  };
}

/** In words, rounded. */
export function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} minutes`;
  return `${(seconds / 3600).toFixed(1)} hours`;
}
