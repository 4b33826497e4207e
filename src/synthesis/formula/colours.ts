/** @file Colours of linear light, drawn around what a class has for its own. */

import type { Random } from '../../base/random.js';
import type { ColourFormula } from './classes.js';
import { PICTURE_KINDS, type PictureKind } from './kinds.js';

/** Red, green and blue of linear light, 0 to 1. */
export type Colour = readonly [red: number, green: number, blue: number];

/** The two colours of one surface. They differ in lightness, so that its texture is seen in gray as well. */
export function drawColours(
  formula: ColourFormula,
  kind: PictureKind,
  random: Random,
): readonly [Colour, Colour] {
  const { colours } = PICTURE_KINDS[kind];
  const lightness = random.range(...colours.lightness);
  const contrast = random.range(...colours.contrast) * (random.chance(0.5) ? 1 : -1);
  const [darkest, lightest] = colours.within;
  const other = Math.min(Math.max(lightness + contrast, darkest), lightest);
  const hue = formula.hue + formula.spread * random.normal();
  const secondHue = formula.secondHue + formula.spread * random.normal();
  const [low, high] = formula.saturation;
  return [
    colourOf(hue, random.range(low, high), lightness),
    colourOf(secondHue, random.range(low, high), other),
  ];
}

/** @param lightness of the brightest channel before gamma. */
function colourOf(hue: number, saturation: number, lightness: number): Colour {
  const channel = (n: number) => {
    const k = (n + 6 * (hue - Math.floor(hue))) % 6;
    const value = lightness * (1 - saturation * Math.min(Math.max(Math.min(k, 4 - k), 0), 1));
    return value ** 2.2;
  };
  return [channel(5), channel(3), channel(1)];
}
