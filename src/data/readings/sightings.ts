/** @file What was seen in all masks of a data set together. */
import { colorKey } from '../masks/color-key.js';
import type { Rgb } from '../masks/color-vision.js';
import { isGrey } from '../masks/lookup.js';
import type { MaskEvidence } from './evidence.js';

export interface Sightings {
  /** Pixels by value in gray files of 8 bits and more. */
  readonly wide: ReadonlyMap<number, number>;
  /** Pixels by stored value in gray files of fewer bits. */
  readonly low: ReadonlyMap<number, number>;
  /** Pixels by value wherever values of 8 bits and more may be: in gray files, grey palettes, indices and grey RGB files. */
  readonly values: ReadonlyMap<number, number>;
  readonly palette: {
    readonly isSeen: boolean;
    /** Those that pixels have. */
    readonly colours: readonly Rgb[];
  };
  readonly rgbColours: readonly Rgb[];
  readonly alpha: {
    /** Whether every file has an alpha channel. */
    readonly isEverywhere: boolean;
    readonly opacities: ReadonlySet<number>;
  };
}

export function sightingsOf(masks: readonly MaskEvidence[]): Sightings {
  const [wide, low, values] = [
    new Map<number, number>(),
    new Map<number, number>(),
    new Map<number, number>(),
  ];
  const palette = new Map<number, Rgb>();
  const rgb = new Map<number, Rgb>();
  const opacities = new Set<number>();
  let isPaletteSeen = false;
  for (const { form, counts, alpha } of masks) {
    for (const [opacity] of alpha ?? []) opacities.add(opacity);
    if (form.kind === 'values') {
      for (const [value, pixels] of counts) {
        add(form.depth < 8 ? low : wide, value, pixels);
        if (form.depth >= 8) add(values, value, pixels);
      }
    } else if (form.kind === 'indices') {
      isPaletteSeen = true;
      const used = counts.flatMap(([index]): Rgb[] => (form.palette[index] ? [form.palette[index]] : []));
      for (const color of used) palette.set(colorKey(...color), color);
      const isAllGrey = used.length === counts.length && used.every(isGrey);
      for (const [index, pixels] of counts) add(values, isAllGrey ? form.palette[index]![0] : index, pixels);
    } else {
      const colours = counts.map(([key]): Rgb => [key >> 16, (key >> 8) & 255, key & 255]);
      colours.forEach((color, i) => {
        rgb.set(counts[i]![0], color);
        if (colours.every(isGrey)) add(values, color[0], counts[i]![1]);
      });
    }
  }
  return {
    wide,
    low,
    values,
    palette: { isSeen: isPaletteSeen, colours: [...palette.values()] },
    rgbColours: [...rgb.values()],
    alpha: { isEverywhere: masks.every(({ alpha }) => alpha !== undefined), opacities },
  };
}

function add(map: Map<number, number>, key: number, pixels: number): void {
  map.set(key, (map.get(key) ?? 0) + pixels);
}
