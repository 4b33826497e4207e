/** @file Colours for classes that bring none: a pleasant default palette and the Pascal VOC one that data sets assume. */

/** Red, green, blue, 0 to 255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

const BACKGROUND: Rgb = [46, 49, 60];

/** Chosen by hand so that the small class counts of most data sets look well together. */
const FIRST: readonly Rgb[] = [
  [242, 142, 43],
  [66, 146, 214],
  [225, 87, 89],
  [99, 189, 102],
  [245, 205, 72],
  [163, 112, 201],
  [64, 201, 193],
  [240, 140, 190],
];

/**
 * Colours for `count` classes: a dark neutral one for class 0 (background), then bright ones, each far from all before it.
 * Growing `count` only appends, so a class keeps its colour.
 * @param count 0 to 255, the most classes an 8-bit mask can hold beside the ignore value.
 */
export function defaultPalette(count: number): Rgb[] {
  const palette = [BACKGROUND, ...FIRST];
  if (count > palette.length) {
    const candidates = brightColours();
    const distance = candidates.map((candidate) =>
      Math.min(...palette.map((used) => colourDistance(used, candidate))),
    );
    while (palette.length < count) {
      const farthest = distance.indexOf(Math.max(...distance));
      const chosen = candidates[farthest]!;
      palette.push(chosen);
      candidates.forEach((candidate, index) => {
        distance[index] = Math.min(distance[index]!, colourDistance(chosen, candidate));
      });
    }
  }
  return palette.slice(0, count);
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

/** Perceived distance of two colours: Euclidean in OKLab (Ottosson 2020), where black to white is 1. */
export function colourDistance(a: Rgb, b: Rgb): number {
  const p = okLab(a);
  const q = okLab(b);
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/** A coarse grid of the colours that stay visible over a photograph: neither dark nor near white. */
function brightColours(): Rgb[] {
  const steps = [20, 60, 100, 140, 180, 220, 250];
  return steps
    .flatMap((red) => steps.flatMap((green) => steps.map((blue): Rgb => [red, green, blue])))
    .filter((colour) => {
      const lightness = okLab(colour)[0];
      return lightness > 0.42 && lightness < 0.93;
    });
}

function okLab(colour: Rgb): [number, number, number] {
  const [r, g, b] = colour.map((value) => {
    const s = value / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
