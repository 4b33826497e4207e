/** @file Photographs that are unlike the others of their data set: of one colour, blurred, gray, or of an odd size. */

import { median } from '../../base/quantile.js';
import { fewOf } from './few.js';
import type { Examined, ExaminedImage, Found } from './finding.js';

/** Deviation of the brightness below which a picture shows nothing, and below which a black one does. */
const NO_CONTRAST = 4;
const DARK = { brightness: 12, contrast: 12 } as const;
/** A picture whose contrast is less than this part of the usual one is as good as empty. */
const PART_OF_USUAL = 0.4;
/** Of the steepest changes over 8 pixels, the part within one pixel: below it a picture is blurred, above it the usual one is sharp. */
const BLURRED = 0.18;
const SHARP = 0.28;
/** Difference of the colour channels of gray and of coloured pictures. */
const GRAY = 1;
const COLOURED = 5;
/** How far shape and area may be from the usual ones, as a factor: where nearly all images are of one size, and where not. */
const ONE_SIZE = { shape: 1.15, area: 1.5, share: 0.8 } as const;
const MANY_SIZES = { shape: 1.7, area: 10 } as const;

/** Whether a picture shows nothing, beside the usual contrast of its data set. */
function showsNothing({ measures: { look } }: ExaminedImage, usualContrast: number): boolean {
  const isPlain =
    look.contrast < NO_CONTRAST || (look.brightness < DARK.brightness && look.contrast < DARK.contrast);
  return isPlain && look.contrast < PART_OF_USUAL * usualContrast;
}

export function findOddLooks({ images }: Examined): Found[] {
  const looks = images.map(({ measures }) => measures.look);
  const contrast = median(looks.map((look) => look.contrast));
  const sharpness = median(looks.map((look) => look.sharpness));
  const isPlain = (image: ExaminedImage) => showsNothing(image, contrast);
  const seen = images.filter((image) => !isPlain(image));
  const uniform = images.filter(isPlain).map((image): Found => {
    const { brightness } = image.measures.look;
    const tone = brightness < 30 ? 'black' : brightness > 225 ? 'white' : 'of one tone';
    return { kind: 'uniform', message: tone, images: [image] };
  });
  const blurred = sharpness < SHARP ? [] : fewOf(seen, ({ measures }) => measures.look.sharpness < BLURRED);
  return [
    ...uniform,
    ...blurred.map((image): Found => {
      const pixels = (1 / image.measures.look.sharpness).toFixed(0);
      return { kind: 'blurred', message: `no edge is sharper than about ${pixels} pixels`, images: [image] };
    }),
    ...oddColours(seen),
    ...oddSizes(images),
  ];
}

function oddColours(images: readonly ExaminedImage[]): Found[] {
  const colours = images.map(({ measures }) => measures.look.colour);
  if (!(median(colours) > COLOURED)) return [];
  const gray = fewOf(images, ({ measures }) => measures.look.colour < GRAY);
  return gray.map((image) => ({ kind: 'gray', message: 'gray, the others have colours', images: [image] }));
}

function oddSizes(images: readonly ExaminedImage[]): Found[] {
  const sizes = new Map<string, number>();
  for (const { sample } of images) {
    const size = `${sample.width}x${sample.height}`;
    sizes.set(size, (sizes.get(size) ?? 0) + 1);
  }
  const [usual, count] = [...sizes].reduce((most, next) => (next[1] > most[1] ? next : most));
  const isOneSize = count >= ONE_SIZE.share * images.length;
  const shapes = images.map(({ sample }) => sample.width / sample.height);
  const areas = images.map(({ sample }) => sample.width * sample.height);
  const [shape, area] = [median(shapes), median(areas)];
  const most = isOneSize ? ONE_SIZE : MANY_SIZES;
  const isOdd = ({ sample: { width, height } }: ExaminedImage) =>
    factor(width / height, shape) > most.shape || factor(width * height, area) > most.area;
  return fewOf(images, isOdd).map((image) => ({
    kind: 'size',
    message: `${image.sample.width}x${image.sample.height}, ${isOneSize ? `the others are ${usual}` : 'far from the others'}`,
    images: [image],
  }));
}

const factor = (a: number, b: number): number => Math.max(a / b, b / a);
