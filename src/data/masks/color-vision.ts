/** @file Colours as people see them: how far two are apart, and how they look to those who lack one kind of cone. */

/** Red, green, blue, 0 to 255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

type Triple = readonly [number, number, number];
/** Rows of a 3x3 matrix. */
type Matrix = readonly [Triple, Triple, Triple];

/** Kinds of colour blindness by which red and green are confused; together nearly all there is of it. */
export type Dichromacy = 'protanopia' | 'deuteranopia';

/** On linear RGB, at full severity (Machado, Oliveira and Fernandes 2009). */
const SEEN: Readonly<Record<Dichromacy, Matrix>> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

/** A colour as somebody sees it who lacks the cones for long (protanopia) or middle (deuteranopia) wavelengths. */
export function seenWith(kind: Dichromacy, color: Rgb): Rgb {
  return toRgb(times(SEEN[kind], toLinear(color)));
}

/** Lightness, green to red and blue to yellow: OKLab (Ottosson 2020), in which equal steps look about equal. */
export function okLab(color: Rgb): Triple {
  const [l, m, s] = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    toLinear(color),
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [Math.cbrt(l), Math.cbrt(m), Math.cbrt(s)],
  );
}

/** Perceived distance of two colours; black to white is 1. */
export function colourDistance(a: Rgb, b: Rgb): number {
  return distance(okLab(a), okLab(b));
}

/** Euclidean distance of two colours in OKLab. */
export function distance(p: Triple, q: Triple): number {
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/** The same hue no lighter than `lightness` (0 to 1), so that a line of it is seen on white. */
export function darkened(color: Rgb, lightness: number): Rgb {
  const [l] = okLab(color);
  if (l <= lightness) return color;
  const [red, green, blue] = toLinear(color);
  // Lightness is the cube root of light.
  const factor = (lightness / l) ** 3;
  return toRgb([red * factor, green * factor, blue * factor]);
}

function toLinear(color: Rgb): Triple {
  const [red, green, blue] = color.map((value) => {
    const s = value / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return [red, green, blue];
}

function toRgb(linear: Triple): Rgb {
  const [red, green, blue] = linear.map((value) => {
    const s = Math.min(Math.max(value, 0), 1);
    return Math.round(255 * (s <= 0.0031308 ? 12.92 * s : 1.055 * s ** (1 / 2.4) - 0.055));
  }) as [number, number, number];
  return [red, green, blue];
}

function times([a, b, c]: Matrix, [x, y, z]: Triple): Triple {
  return [a[0] * x + a[1] * y + a[2] * z, b[0] * x + b[1] * y + b[2] * z, c[0] * x + c[1] * y + c[2] * z];
}
