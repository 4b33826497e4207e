/**
 * @file Conversion between 8-bit RGB and 8-bit HSV in OpenCV's scale (hue 0..179 in steps of two degrees, saturation and
 * value 0..255). Colours travel as 24-bit integers, first channel highest, so that converting a pixel allocates nothing.
 */

const BITS = 12;
const HALF = 1 << (BITS - 1);
const HUES = 180;
const HUES_PER_SECTOR = HUES / 6;

/** 2^12 * 255 / value: saturation per unit of chroma. */
const SATURATION_SCALE = Int32Array.from({ length: 256 }, (_, value) =>
  value === 0 ? 0 : Math.round((255 * (1 << BITS)) / value),
);
/** 2^12 * 30 / chroma: hue steps per unit of difference between the two channels that are not the largest. */
const HUE_SCALE = Int32Array.from({ length: 256 }, (_, chroma) =>
  chroma === 0 ? 0 : Math.round((HUES_PER_SECTOR * (1 << BITS)) / chroma),
);

/**
 * How much of value * saturation each channel lacks, by hue: 0 over the third of the colour circle around the channel's
 * own hue, `FULL` over the opposite third, linear between. The 1/255 of the saturation is contained.
 */
const FULL = 1 / 255;
const [RED_LACK, GREEN_LACK, BLUE_LACK] = [0, 60, 120].map((own) =>
  Float64Array.from({ length: HUES }, (_, hue) => {
    const distance = Math.min(Math.abs(hue - own), HUES - Math.abs(hue - own)) / HUES_PER_SECTOR;
    return Math.min(Math.max(distance - 1, 0), 1) * FULL;
  }),
) as [Float64Array, Float64Array, Float64Array];

/** Hue, saturation and value of a colour as `h << 16 | s << 8 | v`. Grays have hue 0. */
export function rgbToHsv(red: number, green: number, blue: number): number {
  const value = Math.max(red, green, blue);
  const chroma = value - Math.min(red, green, blue);
  const offset =
    value === red ? green - blue : value === green ? blue - red + 2 * chroma : red - green + 4 * chroma;
  const hue = (offset * HUE_SCALE[chroma]! + HALF) >> BITS;
  const saturation = (chroma * SATURATION_SCALE[value]! + HALF) >> BITS;
  return ((hue < 0 ? hue + HUES : hue) << 16) | (saturation << 8) | value;
}

/** The colour as `r << 16 | g << 8 | b`. @param hue 0 to 179. */
export function hsvToRgb(hue: number, saturation: number, value: number): number {
  const depth = value * saturation;
  const rounded = value + 0.5;
  const red = (rounded - depth * RED_LACK[hue]!) | 0;
  const green = (rounded - depth * GREEN_LACK[hue]!) | 0;
  const blue = (rounded - depth * BLUE_LACK[hue]!) | 0;
  return (red << 16) | (green << 8) | blue;
}
