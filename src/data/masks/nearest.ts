/**
 * @file The class whose colour is nearest: for masks that lossy compression or smooth borders gave colours of no class. What is
 * near none is ignored, so that a border is nobody's rather than that of a class in between.
 */
import { IGNORE_INDEX, type MaskCoding } from '../types.js';
import type { Rgb } from './color-vision.js';
import { isGrey, NO_CLASS } from './lookup.js';
import type { MaskForm } from './raw-mask.js';

/** Of the distance of the two classes whose colours are most alike: less than half, so that no colour is near two. */
const NEAR = 1 / 3;
const WHITE: Rgb = [255, 255, 255];

type Anchor = MaskCoding['colors'][number];

/**
 * Whether a file is read so, under a coding that allows it: where a sample has no class, or is the white that would be ignored
 * of a file with one class.
 */
export const isReadNearest = (
  { nearest = false, values }: MaskCoding,
  { kind }: Pick<MaskForm, 'kind'>,
  found: { readonly isUnknown: boolean; readonly hasWhite: boolean },
): boolean =>
  nearest &&
  (found.isUnknown ||
    (kind === 'values' && found.hasWhite && (values[IGNORE_INDEX] ?? NO_CLASS) === NO_CLASS));

/** Class index by colour key; {@link IGNORE_INDEX} where no colour is near. */
export function nearestOfRgb(coding: MaskCoding): (key: number) => number {
  const find = finder(anchorsOf(coding));
  const known = new Map<number, number>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = find([key >> 16, (key >> 8) & 255, key & 255]);
    known.set(key, found);
    return found;
  };
}

/** The same by stored sample; {@link NO_CLASS} for all of a gray file where fewer than two classes have a grey. */
export function nearestOfSamples(
  coding: MaskCoding,
  form: Exclude<MaskForm, { kind: 'colours' }>,
): Uint8Array {
  const table = new Uint8Array(2 ** form.depth).fill(NO_CLASS);
  if (form.kind === 'indices') {
    const find = finder(anchorsOf(coding));
    form.palette.slice(0, table.length).forEach((color, index) => {
      table[index] = find(color);
    });
    return table;
  }
  const greys = anchorsOf(coding).filter(({ color }) => isGrey(color));
  if (new Set(greys.map(({ classIndex }) => classIndex)).size < 2) return table;
  const find = finder(greys);
  const step = 255 / (table.length - 1);
  return table.map((_, sample) => find([sample * step, sample * step, sample * step]));
}

/** Colours of the classes; where none are declared and there is a single class, white is that as well. */
function anchorsOf({ colors, colorsDeclared, values }: MaskCoding): readonly Anchor[] {
  const highest = Math.max(0, ...values.filter((index) => index !== NO_CLASS && index !== IGNORE_INDEX));
  return colorsDeclared || highest !== 1 ? colors : [...colors, { color: WHITE, classIndex: 1 }];
}

function finder(anchors: readonly Anchor[]): (color: Rgb) => number {
  const classes = anchors.filter(({ classIndex }) => classIndex !== IGNORE_INDEX);
  let closest = Number.POSITIVE_INFINITY;
  for (const a of classes) {
    for (const b of classes)
      if (a.classIndex !== b.classIndex) closest = Math.min(closest, distance(a.color, b.color));
  }
  return (color) => {
    let [best, least] = [IGNORE_INDEX as number, NEAR * closest];
    for (const anchor of anchors) {
      const far = distance(anchor.color, color);
      if (far <= least) [best, least] = [anchor.classIndex, far];
    }
    return best;
  };
}

const distance = (a: Rgb, b: Rgb): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
