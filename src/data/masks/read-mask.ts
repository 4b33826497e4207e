/** @file Decodes a mask file, whether it stores indices or colours, to class indices. */
import { OtxError } from '../../base/errors.js';
import { listSome } from '../datasets/problems.js';
import { decoder, readBytes, readHeader, unreadable } from '../images/decoder.js';
import { isLossy } from '../images/lossy.js';
import { redrawAsPolygons } from '../otx-adapter/redraw.js';
import type { LabelMask, MaskCoding } from '../types.js';
import { IGNORE_INDEX } from '../types.js';
import { colorKey } from './color-key.js';
import { type PngHead, paletteToGray, readPngHead } from './png.js';

/** Marks values without a class while decoding; never a class, see the limit in meta.ts. */
const UNKNOWN = 254;

/**
 * Reads a mask as one class index per pixel, {@link IGNORE_INDEX} where the file says ignore.
 *
 * - Single-channel files hold values, whatever their bit depth: the stored sample is the value.
 * - Files with three or more channels hold colours; alpha is dropped.
 * - A palette PNG holds colours if the data set declares colours, or if all its colours are those of the default
 *   palette; otherwise its indices are the values.
 *
 * EXIF orientation is applied as for images. With `coding.useOtxAdapter` the result goes through polygons.
 * @throws OtxError `image` naming the file when it cannot be decoded, is a JPEG, or has values or colours without a class.
 */
export async function readMask(path: string, coding: MaskCoding): Promise<LabelMask> {
  const bytes = await readBytes(path);
  const head = readPngHead(bytes);
  const usesIndices = head?.palette !== undefined && !holdsColors(head.palette, coding);
  try {
    const mask = await decode(usesIndices ? paletteToGray(bytes) : bytes, path, coding, head, usesIndices);
    return await asRead(mask, coding);
  } catch (error) {
    throw error instanceof OtxError ? error : unreadable(path, error);
  }
}

/** What a coding asks for whatever the annotation is: polygons drawn again, and the numbers of other classes. */
export async function asRead(decoded: LabelMask, coding: MaskCoding): Promise<LabelMask> {
  const mask = coding.useOtxAdapter ? await redrawAsPolygons(decoded) : decoded;
  const { renumbered: numbers } = coding;
  if (!numbers) return mask;
  return { ...mask, data: mask.data.map((label) => numbers[label] ?? label) };
}

function holdsColors(palette: NonNullable<PngHead['palette']>, coding: MaskCoding): boolean {
  if (coding.colorsDeclared) return true;
  const known = new Set(coding.colors.map(({ color }) => colorKey(...color)));
  return palette.every((color) => known.has(colorKey(...color)));
}

async function decode(
  bytes: Buffer,
  path: string,
  coding: MaskCoding,
  head: PngHead | undefined,
  usesIndices: boolean,
): Promise<LabelMask> {
  const { format, space, depth, pages } = await readHeader(bytes);
  if (isLossy(bytes, format)) {
    const kind = format === 'JPEG' ? 'a JPEG mask' : `a ${format} mask compressed with loss`;
    throw new OtxError(
      'image',
      `${path} is ${kind}, and lossy compression changes class values: save masks as PNG`,
    );
  }
  if (pages > 1) {
    throw new OtxError('image', `${path} holds ${pages} pictures; save a mask as a single one`);
  }
  const pipeline = decoder(bytes, 'error');
  if (space === 'b-w' || space === 'grey16') {
    const wide = depth === 'ushort';
    const { data, info } = await pipeline
      .toColourspace(space)
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const values = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    // Decoders stretch 1, 2 and 4 bit samples over 0..255.
    const stored = head && (head.gray || usesIndices) && head.depth < 8 ? head.depth : 8;
    const step = 255 / (2 ** stored - 1);
    return { data: classesOfValues(values, step, path, coding), width: info.width, height: info.height };
  }
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { data: classesOfColors(data, path, coding), width: info.width, height: info.height };
}

function classesOfValues(
  values: Uint8Array | Uint16Array,
  step: number,
  path: string,
  coding: MaskCoding,
): Uint8Array {
  const classOf = new Uint8Array(65536).fill(UNKNOWN);
  coding.values.forEach((classIndex, value) => {
    classOf[value * step] = classIndex;
  });
  // With stretched samples 255 is the largest index, not the ignore value.
  if (step === 1) {
    classOf[IGNORE_INDEX] = IGNORE_INDEX;
    // Black-and-white pictures of declared colours are saved as gray ones by many programs.
    for (const { color, classIndex } of coding.colorsDeclared ? coding.colors : []) {
      const [value, green, blue] = color;
      if (value === green && value === blue && value >= coding.values.length) classOf[value] = classIndex;
    }
  }

  const classes = new Uint8Array(values.length);
  let unknown = 0;
  for (let i = 0; i < values.length; i++) {
    const classIndex = classOf[values[i]!]!;
    classes[i] = classIndex;
    if (classIndex === UNKNOWN) unknown++;
  }
  if (unknown > 0) {
    const bad = new Set<number>();
    for (const value of values) if (classOf[value] === UNKNOWN) bad.add(value / step);
    const found = [...bad].sort((a, b) => a - b).map(String);
    throw new OtxError(
      'image',
      `${path} has ${plural(found, 'value')} without a class in ${unknown} pixels ` +
        `(expected 0..${coding.values.length - 1}, or ${IGNORE_INDEX} for ignore)`,
    );
  }
  return classes;
}

function classesOfColors(rgb: Uint8Array, path: string, coding: MaskCoding): Uint8Array {
  const classOf = new Map(coding.colors.map(({ color, classIndex }) => [colorKey(...color), classIndex]));
  const classes = new Uint8Array(rgb.length / 3);
  const bad = new Set<number>();
  let unknown = 0;
  let lastKey = -1;
  let lastClass = UNKNOWN;
  for (let i = 0, at = 0; i < classes.length; i++, at += 3) {
    const key = colorKey(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
    // Masks are made of runs; looking at the last colour first saves most of the map lookups.
    if (key !== lastKey) {
      lastKey = key;
      lastClass = classOf.get(key) ?? UNKNOWN;
      if (lastClass === UNKNOWN) bad.add(key);
    }
    if (lastClass === UNKNOWN) unknown++;
    classes[i] = lastClass;
  }
  if (unknown > 0) {
    const found = [...bad].map((key) => `(${key >> 16}, ${(key >> 8) & 255}, ${key & 255})`);
    const source = coding.colorsDeclared ? 'segmentation_colors' : 'the default VOC palette of its classes';
    const grayHint = [...bad].every((key) => key >> 16 === (key & 255) && key >> 16 === ((key >> 8) & 255))
      ? '; a mask of class indices must have one channel'
      : '';
    throw new OtxError(
      'image',
      `${path} has ${plural(found, 'colour')} without a class in ${unknown} pixels (expected ${source}${grayHint})`,
    );
  }
  return classes;
}

function plural(items: readonly string[], noun: string): string {
  return `${noun}${items.length > 1 ? 's' : ''} ${listSome(items)}`;
}
