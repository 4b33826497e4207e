/** @file Decodes a mask file, whether it stores indices or colours, to class indices. */
import { OtxError } from '../../base/errors.js';
import { redrawAsPolygons } from '../otx-adapter/redraw.js';
import { IGNORE_INDEX, type LabelMask, type MaskCoding } from '../types.js';
import { colorKey } from './color-key.js';
import { classOfRgb, classOfSamples, NO_CLASS } from './lookup.js';
import { isReadNearest, nearestOfRgb, nearestOfSamples } from './nearest.js';
import { type RawMask, readRawMask } from './raw-mask.js';
import { turned } from './turned.js';
import { withoutClass } from './without-class.js';

/** More than half opaque. */
const OPAQUE = 128;

/** How a mask lies beside its image. */
export interface MaskPlace {
  /** EXIF orientation by which to turn the mask, 1 to 8: that of an image on whose stored pixels it was drawn. Default 1. */
  readonly turn?: number | undefined;
}

/**
 * Reads a mask as one class index per pixel, {@link IGNORE_INDEX} where the file says ignore.
 *
 * - Single-channel files hold values, whatever their bit depth: the stored sample is the value.
 * - Files with three or more channels hold colours; alpha is dropped.
 * - A palette PNG holds what `coding.palettes` says; without that, colours if the data set declares colours, or if all its
 *   colours are those of the default palette; otherwise its indices are the values.
 *
 * EXIF orientation is applied as for images. With `coding.useOtxAdapter` the result goes through polygons.
 * @throws OtxError `image` naming the file when it cannot be decoded, is a JPEG, or has values or colours without a class.
 */
export async function readMask(
  path: string,
  coding: MaskCoding,
  { turn = 1 }: MaskPlace = {},
): Promise<LabelMask> {
  const raw = await readRawMask(path, { alpha: coding.alpha === 'class', lossy: coding.nearest });
  const { width, height } = raw;
  const mask = turned({ data: classesOf(raw, path, coding), width, height }, turn);
  return asRead(mask, coding);
}

/** What a coding asks for whatever the annotation is: polygons drawn again, and the numbers of other classes. */
export async function asRead(decoded: LabelMask, coding: MaskCoding): Promise<LabelMask> {
  const mask = coding.useOtxAdapter ? await redrawAsPolygons(decoded) : decoded;
  const { renumbered: numbers } = coding;
  if (!numbers) return mask;
  return { ...mask, data: mask.data.map((label) => numbers[label] ?? label) };
}

function classesOf(raw: RawMask, path: string, coding: MaskCoding): Uint8Array {
  const { form, samples, alpha } = raw;
  if (coding.alpha === 'class') {
    if (alpha) return alpha.map((opacity) => (opacity >= OPAQUE ? 1 : 0));
    throw new OtxError('image', `${path} has no alpha channel, in which the classes are to be`);
  }
  const exact = classesBy(raw, form.kind === 'colours' ? classOfRgb(coding) : classOfSamples(coding, form));
  const hasWhite = coding.nearest === true && samples.includes(IGNORE_INDEX);
  const isNearest = isReadNearest(coding, form, { isUnknown: exact.unknown.pixels > 0, hasWhite });
  const { classes, unknown } = isNearest
    ? classesBy(raw, form.kind === 'colours' ? nearestOfRgb(coding) : nearestOfSamples(coding, form))
    : exact;
  if (unknown.pixels > 0) {
    throw new OtxError('image', withoutClass(path, form, coding, [...unknown.found], unknown.pixels));
  }
  return classes;
}

interface Unknown {
  pixels: number;
  readonly found: Set<number>;
}

/** @param find class of a sample, or of a colour key. */
function classesBy({ samples }: RawMask, find: Uint8Array | ((key: number) => number)) {
  const unknown: Unknown = { pixels: 0, found: new Set() };
  const classes =
    find instanceof Uint8Array
      ? classesOfSamples(samples, find, unknown)
      : classesOfColours(samples, find, unknown);
  return { classes, unknown };
}

function classesOfSamples(samples: RawMask['samples'], classOf: Uint8Array, unknown: Unknown): Uint8Array {
  const classes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const classIndex = classOf[samples[i]!]!;
    classes[i] = classIndex;
    if (classIndex === NO_CLASS) unknown.pixels++;
  }
  if (unknown.pixels > 0)
    for (const value of samples) if (classOf[value] === NO_CLASS) unknown.found.add(value);
  return classes;
}

function classesOfColours(
  rgb: RawMask['samples'],
  classOf: (key: number) => number,
  unknown: Unknown,
): Uint8Array {
  const classes = new Uint8Array(rgb.length / 3);
  let lastKey = -1;
  let lastClass = NO_CLASS;
  for (let i = 0, at = 0; i < classes.length; i++, at += 3) {
    const key = colorKey(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
    // Masks are made of runs; looking at the last colour first saves most of the map lookups.
    if (key !== lastKey) {
      lastKey = key;
      lastClass = classOf(key);
      if (lastClass === NO_CLASS) unknown.found.add(key);
    }
    if (lastClass === NO_CLASS) unknown.pixels++;
    classes[i] = lastClass;
  }
  return classes;
}
