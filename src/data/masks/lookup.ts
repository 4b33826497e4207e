/** @file What the stored samples of a mask mean under a coding: the one place that knows. */
import { IGNORE_INDEX, type MaskCoding } from '../types.js';
import { colorKey } from './color-key.js';
import type { Rgb } from './color-vision.js';
import type { MaskForm } from './raw-mask.js';

/** Marks what has no class; never a class itself, see the limit in meta.ts. */
export const NO_CLASS = 254;

type Single = Exclude<MaskForm, { kind: 'colours' }>;

/** Class index by stored sample, {@link NO_CLASS} where there is none. */
export function classOfSamples(coding: MaskCoding, form: Single): Uint8Array {
  if (form.kind === 'values') return classOfValues(coding, form.depth);
  const { palette, depth } = form;
  const meaning = coding.palettes ?? (holdsColors(palette, coding) ? 'colours' : 'indices');
  if (meaning === 'indices') return classOfValues(coding, depth);
  const table = new Uint8Array(2 ** depth).fill(NO_CLASS);
  const find = meaning === 'colours' ? classOfColours(coding) : classOfGreys(coding);
  palette.slice(0, table.length).forEach((color, index) => {
    table[index] = find(colorKey(...color));
  });
  return table;
}

/** Class index by colour key, {@link NO_CLASS} where there is none. */
export function classOfRgb(coding: MaskCoding): (key: number) => number {
  return coding.rgb === 'greys' ? classOfGreys(coding) : classOfColours(coding);
}

function classOfColours({ colors }: MaskCoding): (key: number) => number {
  const byKey = new Map(colors.map(({ color, classIndex }) => [colorKey(...color), classIndex]));
  return (key) => byKey.get(key) ?? NO_CLASS;
}

/** A grey (v, v, v) stands for the value v. */
function classOfGreys(coding: MaskCoding): (key: number) => number {
  const byValue = classOfValues(coding, 8);
  return (key) => {
    const value = key & 255;
    return key === colorKey(value, value, value) ? byValue[value]! : NO_CLASS;
  };
}

function classOfValues(coding: MaskCoding, depth: number): Uint8Array {
  const table = new Uint8Array(2 ** depth).fill(NO_CLASS);
  if (depth < 8) {
    const byValue = coding.lowDepth === 'stretched' ? classOfValues(coding, 8) : coding.values;
    const step = coding.lowDepth === 'stretched' ? 255 / (table.length - 1) : 1;
    // Without stretching 2^depth - 1 is the largest value, not the one to ignore.
    for (let value = 0; value < table.length; value++) table[value] = byValue[value * step] ?? NO_CLASS;
    return table;
  }
  coding.values.forEach((classIndex, value) => {
    if (value < table.length) table[value] = classIndex;
  });
  if (table[IGNORE_INDEX] === NO_CLASS) table[IGNORE_INDEX] = IGNORE_INDEX;
  if (depth === 16 && coding.white !== undefined) table[65535] = coding.white;
  // Black-and-white pictures of declared colours are saved as gray ones by many programs.
  for (const { color, classIndex } of coding.colorsDeclared && coding.greys !== 'values'
    ? coding.colors
    : []) {
    const [value] = color;
    if (isGrey(color) && (coding.greys === 'colours' || isFree(coding, value))) table[value] = classIndex;
  }
  if (coding.white !== undefined) table[255] = coding.white;
  return table;
}

/** Whether no class has the value. */
const isFree = ({ values }: MaskCoding, value: number) => (values[value] ?? NO_CLASS) === NO_CLASS;

export const isGrey = ([red, green, blue]: Rgb): boolean => red === green && green === blue;

/** For a palette by itself, where nothing has been decided for its data set. */
function holdsColors(palette: readonly Rgb[], coding: MaskCoding): boolean {
  if (coding.colorsDeclared) return true;
  const find = classOfColours(coding);
  return palette.every((color) => find(colorKey(...color)) !== NO_CLASS);
}
