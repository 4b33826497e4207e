/** @file The words for values and colours of a mask that no class has. */
import { listSome } from '../datasets/problems.js';
import { IGNORE_INDEX, type MaskCoding } from '../types.js';
import { NO_CLASS } from './lookup.js';
import type { MaskForm } from './raw-mask.js';

/**
 * One sentence without the full stop.
 *
 * @param found stored samples, or colour keys of `colours`.
 * @param pixels how many have them.
 */
export function withoutClass(
  path: string,
  form: MaskForm,
  coding: MaskCoding,
  found: readonly number[],
  pixels: number,
): string {
  const isColour = form.kind === 'colours' || (form.kind === 'indices' && coding.palettes !== 'indices');
  const names =
    form.kind === 'colours'
      ? found.map(colourName)
      : isColour && form.kind === 'indices' && (coding.palettes === 'colours' || coding.colorsDeclared)
        ? found.map((index) => (form.palette[index] ? `(${form.palette[index].join(', ')})` : `${index}`))
        : [...found].sort((a, b) => a - b).map(String);
  const noun = names[0]?.startsWith('(') ? 'colour' : 'value';
  const what = `${noun}${names.length > 1 ? 's' : ''} ${listSome(names)}`;
  return `${path} has ${what} without a class in ${pixels} pixels (expected ${noun === 'colour' ? expectedColours(form, coding, found) : expectedValues(coding)})`;
}

const colourName = (key: number) => `(${key >> 16}, ${(key >> 8) & 255}, ${key & 255})`;

function expectedColours(form: MaskForm, coding: MaskCoding, found: readonly number[]): string {
  const source = coding.colorsDeclared ? 'segmentation_colors' : 'the default VOC palette of its classes';
  const isGray = (key: number) => key >> 16 === (key & 255) && key >> 16 === ((key >> 8) & 255);
  const hint =
    form.kind === 'colours' && found.every(isGray) ? '; a mask of class indices must have one channel' : '';
  return source + hint;
}

/** "0..2, 7, or 255 for ignore" */
function expectedValues({ values }: MaskCoding): string {
  const ranges: [number, number][] = [];
  values.forEach((classIndex, value) => {
    if (classIndex === NO_CLASS || value === IGNORE_INDEX) return;
    const last = ranges.at(-1);
    if (last && last[1] === value - 1) last[1] = value;
    else ranges.push([value, value]);
  });
  const shown = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`));
  return `${listSome(shown, 12)}, or ${IGNORE_INDEX} for ignore`;
}
