/** @file From the labels of a file to the classes of a model: which one is background, and which are ignored. */
import { OtxError } from '../../base/errors.js';
import { namesProblem } from '../../base/names.js';
import type { Rgb } from '../masks/color-vision.js';
import { NO_CLASS } from '../masks/lookup.js';
import { defaultPalette } from '../masks/palette.js';
import { BACKGROUND, type ClassInfo, IGNORE_INDEX, type MaskCoding } from '../types.js';

/** 254 marks values without a class while masks are decoded, 255 is ignore. */
const MAX_CLASSES = 254;

/** A label of a file. */
export interface FileLabel {
  readonly name: string;
  /** Of pictures; default: one of the palette. */
  readonly color?: Rgb | undefined;
}

/** Classes, and the index of the class of each label; {@link IGNORE_INDEX} for a label that says so. */
export interface LabelTable {
  readonly classes: readonly ClassInfo[];
  readonly indexOf: ReadonlyMap<string, number>;
}

/** Names that tools give to what is none of the classes, with any underscores around them. */
export const isBackgroundName = (name: string): boolean => /^[_\s]*background[_\s]*$/i.test(name);
/** Names that tools give to what nobody is to learn. */
export const isIgnoreName = (name: string): boolean => /^[_\s]*ignored?[_\s]*$/i.test(name);

/**
 * Numbers the labels in their order, from 1: class 0 is background, whether the file has a label for it or not. Labels of one
 * name are one class.
 *
 * @param source file that the labels are from, for messages.
 * @throws OtxError `dataset` for names that are none, or too many.
 */
export function labelTable(labels: readonly FileLabel[], source: string): LabelTable {
  const fail = (reason: string): never => {
    throw new OtxError('dataset', `${source}: ${reason}`);
  };
  const unique = new Map(labels.map((label) => [label.name, label]));
  const problem = namesProblem([...unique.keys()]);
  if (problem !== undefined) fail(problem);
  const indexOf = new Map<string, number>();
  const foreground: FileLabel[] = [];
  for (const label of unique.values()) {
    if (isBackgroundName(label.name)) indexOf.set(label.name, 0);
    else if (isIgnoreName(label.name)) indexOf.set(label.name, IGNORE_INDEX);
    else indexOf.set(label.name, foreground.push(label));
  }
  if (foreground.length === 0) fail('names no class besides background; at least one is needed');
  if (foreground.length + 1 > MAX_CLASSES) {
    fail(
      `has ${foreground.length} classes; at most ${MAX_CLASSES - 1} besides the background fit an 8-bit mask`,
    );
  }
  const palette = defaultPalette(foreground.length + 1);
  const classes = [
    { name: BACKGROUND, color: palette[0]! },
    ...foreground.map(({ name, color }, i) => ({ name, color: color ?? palette[i + 1]! })),
  ];
  return { classes, indexOf };
}

/** How labels are read that shapes give: as they are. */
export const SHAPES_CODING: MaskCoding = {
  values: [],
  colors: [],
  colorsDeclared: false,
  useOtxAdapter: false,
};

/**
 * A coding of index masks.
 *
 * @param pairs of values and class indices; other values are no class.
 * @param source file that says so, for messages.
 * @throws OtxError `dataset` for a value of two classes.
 */
export function valuesCoding(pairs: readonly (readonly [number, number])[], source: string): MaskCoding {
  const indexOfValue = new Map<number, number>();
  for (const [value, index] of pairs) {
    if ((indexOfValue.get(value) ?? index) !== index) {
      throw new OtxError('dataset', `${source}: gives the value ${value} to two classes`);
    }
    indexOfValue.set(value, index);
  }
  const highest = Math.max(...indexOfValue.keys());
  const values = Array.from({ length: highest + 1 }, (_, value) => indexOfValue.get(value) ?? NO_CLASS);
  return { ...SHAPES_CODING, values };
}
