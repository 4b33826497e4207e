/** @file Colours for classes: one palette for people to tell classes apart, and the Pascal VOC one that mask files use. */

export type Rgb = readonly [red: number, green: number, blue: number];

/** Class 0, usually background: dark and neutral, so that it does not compete with objects. */
const FIRST: Rgb = [40, 42, 48];
/** Steps per channel of the candidate colours. */
const LEVELS = [0, 32, 64, 96, 128, 160, 192, 224, 255];

/**
 * `count` colours that are easy to tell apart: each is the candidate farthest (see {@link colourDistance}) from all
 * before it. A longer palette only appends, so a class keeps its colour. At most 255 make sense in an 8-bit mask.
 */
export function defaultPalette(count: number): Rgb[] {
  const candidates = LEVELS.flatMap((r) => LEVELS.flatMap((g) => LEVELS.map((b): Rgb => [r, g, b])));
  const points = candidates.map(okLab);
  const nearest = candidates.map(() => Number.POSITIVE_INFINITY);
  const palette: Rgb[] = [];
  for (let next = FIRST; palette.length < count; ) {
    palette.push(next);
    const placed = okLab(next);
    let best = 0;
    points.forEach((point, i) => {
      nearest[i] = Math.min(nearest[i]!, distance(point, placed));
      if (nearest[i]! > nearest[best]!) best = i;
    });
    next = candidates[best]!;
  }
  return palette;
}

/** The Pascal VOC palette: the bits of the index, three at a time, become the high bits of red, green and blue. */
export function vocPalette(count: number): Rgb[] {
  return Array.from({ length: count }, (_, index): Rgb => {
    const color: [number, number, number] = [0, 0, 0];
    for (let bit = 7, rest = index; rest > 0; bit--, rest >>= 3) {
      color[0] |= (rest & 1) << bit;
      color[1] |= ((rest >> 1) & 1) << bit;
      color[2] |= ((rest >> 2) & 1) << bit;
    }
    return color;
  });
}

/** Perceived difference of two colours: Euclidean in OKLab (Ottosson 2020), 1 from black to white. */
export function colourDistance(a: Rgb, b: Rgb): number {
  return distance(okLab(a), okLab(b));
}

function distance(a: Rgb, b: Rgb): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function okLab(color: Rgb): Rgb {
  const [r, g, b] = color.map((value) => {
    const x = value / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
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
