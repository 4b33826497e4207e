/** @file What a training will take, as measured. */

import type { WebTemplateName } from '../../web-training/templates.js';
import type { PageSettings } from './types.js';

interface Measured {
  /** Milliseconds of a step without its pixels, and for each million of them. */
  readonly time: readonly [fixed: number, perMegapixel: number];
  /** Bytes of the tab without the pixels of a step, and for each of them. */
  readonly memory: readonly [fixed: number, perPixel: number];
}

/**
 * By steps of 2 and 4 pictures of 64 to 256 pixels in Chromium, on two cores of a server with AVX2 that did nothing else, and the
 * memory of the process of the tab (RSS); a slower machine takes twice as long (docs/web.md).
 */
const MEASURED: Readonly<Record<WebTemplateName, Measured>> = {
  'Lite-HRNet-s-mod2': { time: [35, 900], memory: [420e6, 600] },
  'Lite-HRNet-18-mod2': { time: [70, 1500], memory: [450e6, 900] },
  'SegNext-t': { time: [90, 5000], memory: [860e6, 1500] },
};
/** Seconds until the first step, of which the steps after it are somewhat slower. */
const START_SECONDS = 6;

/** Bytes of a decoded picture with its mask, for each of its pixels. */
const PER_PICTURE_PIXEL = 4;

/** What a training will take. */
export interface Estimate {
  readonly seconds: number;
  readonly bytes: number;
}

/** On two cores, with threads. @param pixels of all pictures that it decodes */
export function estimate({ template, steps, batchSize, inputSize }: PageSettings, pixels: number): Estimate {
  const { time, memory } = MEASURED[template];
  const inStep = batchSize * inputSize ** 2;
  return {
    seconds: START_SECONDS + (steps * (time[0] + (time[1] * inStep) / 1e6)) / 1000,
    bytes: memory[0] + memory[1] * inStep + PER_PICTURE_PIXEL * pixels,
  };
}

/** In words, rounded. */
export function inWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} minutes`;
  return `${(seconds / 3600).toFixed(1)} hours`;
}
