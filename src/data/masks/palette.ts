/** @file Colours for classes that bring none, the same in all pictures, and those of Pascal VOC that masks are read with. */

import { distance, okLab, type Rgb, seenWith } from './color-vision.js';

/** Of class 0, which overlays leave unpainted. */
const BACKGROUND: Rgb = [0, 0, 0];

/**
 * Bright enough for dark photographs, and found by search so that the first few, the first eight and all twelve are as far
 * apart as can be, for the colour-blind too.
 */
const FIRST: readonly Rgb[] = [
  [221, 161, 0],
  [115, 153, 255],
  [231, 255, 0],
  [173, 71, 131],
  [0, 215, 178],
  [227, 0, 23],
  [83, 79, 255],
  [172, 255, 255],
  [238, 90, 198],
  [185, 121, 120],
  [179, 186, 255],
  [222, 210, 98],
];

/** All that were ever asked for: the search takes a tenth of a second. */
let found: readonly Rgb[] = [BACKGROUND, ...FIRST];

/**
 * Colours for `count` classes: black for class 0 (background), then bright ones, each as far as possible from all before
 * it. Growing `count` only appends, so a class keeps its colour.
 * @param count 0 to 255, the most classes an 8-bit mask can hold beside the ignore value.
 */
export function defaultPalette(count: number): Rgb[] {
  if (count > found.length) {
    const palette = [BACKGROUND, ...FIRST];
    const candidates = brightColours();
    const seen = candidates.map(waysToSee);
    const farFromAll = seen.map((candidate) =>
      Math.min(...palette.map((used) => apart(waysToSee(used), candidate))),
    );
    while (palette.length < count) {
      const farthest = farFromAll.indexOf(Math.max(...farFromAll));
      palette.push(candidates[farthest]!);
      seen.forEach((candidate, index) => {
        farFromAll[index] = Math.min(farFromAll[index]!, apart(seen[farthest]!, candidate));
      });
    }
    found = palette;
  }
  return found.slice(0, count);
}

/** The palette of Pascal VOC: the bits of the class index, dealt to red, green and blue from the highest bit down. */
export function vocPalette(count: number): Rgb[] {
  return Array.from({ length: count }, (_, label): Rgb => {
    const colour: [number, number, number] = [0, 0, 0];
    for (let bit = 0; bit < 8; bit++) {
      for (let channel = 0; channel < 3; channel++) {
        colour[channel]! |= ((label >> (3 * bit + channel)) & 1) << (7 - bit);
      }
    }
    return colour;
  });
}

type Seen = ReturnType<typeof okLab>;

/** A colour as most people see it, and as the colour-blind do. */
function waysToSee(color: Rgb): readonly [Seen, Seen, Seen] {
  return [okLab(color), okLab(seenWith('protanopia', color)), okLab(seenWith('deuteranopia', color))];
}

/** How much more a distance counts that the colour-blind see: they have two dimensions for what others see in three. */
const TWO_DIMENSIONS = 1.5;

function apart(a: readonly [Seen, Seen, Seen], b: readonly [Seen, Seen, Seen]): number {
  return Math.min(
    distance(a[0], b[0]),
    TWO_DIMENSIONS * distance(a[1], b[1]),
    TWO_DIMENSIONS * distance(a[2], b[2]),
  );
}

/** A coarse grid of the colours that stay visible over a photograph: neither dark nor near white. */
function brightColours(): Rgb[] {
  const steps = [0, 36, 72, 108, 144, 180, 216, 252];
  return steps
    .flatMap((red) => steps.flatMap((green) => steps.map((blue): Rgb => [red, green, blue])))
    .filter((colour) => {
      const [lightness, a, b] = okLab(colour);
      return lightness > 0.5 && lightness < 0.95 && Math.hypot(a, b) > 0.04;
    });
}
