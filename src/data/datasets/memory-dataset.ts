/** @file Data sets that a program holds in memory. */

import { OtxError } from '../../base/errors.js';
import { namesProblem } from '../../base/names.js';
import { shown } from '../../base/shown.js';
import { quoted } from '../../base/text.js';
import { type RawImage, rgbOf } from '../images/raw-image.js';
import { inSharedMemory } from '../loaders/shared-memory.js';
import { defaultPalette } from '../masks/palette.js';
import { type ClassInfo, type Dataset, IGNORE_INDEX, type Sample } from '../types.js';

/** A class for every pixel of an image. */
export interface MaskPixels {
  /** Index of the class of each pixel, row by row; 255 where it is not known. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** In pixels, as of the image. */
  readonly width: number;
  /** In pixels, as of the image. */
  readonly height: number;
}

/** Images with masks in memory, to be given in place of the folder of a data set. */
export interface LabeledImages {
  /** Background first: names, or names with colours. */
  readonly classes: readonly (string | ClassInfo)[];
  /** What is learned from, validated or scored on. */
  readonly images: readonly {
    /** What messages and pictures call it. Default: its number. */
    readonly name?: string | undefined;
    /** The pixels of the image. */
    readonly image: RawImage;
    /** The pixels of its mask. */
    readonly mask: MaskPixels;
  }[];
}

const ROOT = 'images in memory';
const MOST_CLASSES = 255;

/**
 * Opens a data set in memory. Its pixels are copied: what becomes of the given ones later changes nothing.
 *
 * @throws OtxError `dataset` naming the image that is wrong, what was found and what is expected.
 */
export function openMemoryDataset({ classes: given, images }: LabeledImages): Dataset {
  const classes = classesOf(given);
  if (!Array.isArray(images) || images.length === 0) {
    throw wrong(`${ROOT}: there are none; give at least one { image, mask }`);
  }
  const width = String(images.length).length;
  const samples = images.map(({ name, image, mask }, index): Sample => {
    const id = name ?? String(index + 1).padStart(width, '0');
    const path = `${ROOT}: ${id}`;
    const { data, ...size } = opened(path, () => rgbOf(image));
    checkMask(path, mask, size, classes.length);
    const pixels = { image: inSharedMemory(data), mask: inSharedMemory(Uint8Array.from(mask.data)) };
    return { id, imagePath: path, maskPath: path, ...size, pixels };
  });
  const names = samples.map(({ id }) => id);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw wrong(`${ROOT}: two are called ${quoted(twice)}; names tell them apart`);
  return {
    root: ROOT,
    classes,
    samples,
    decodeMask: {
      values: classes.map((_, index) => index),
      colors: [],
      colorsDeclared: false,
      useOtxAdapter: false,
    },
    notices: [],
  };
}

function classesOf(given: LabeledImages['classes']): ClassInfo[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > MOST_CLASSES) {
    throw wrong(
      `${ROOT}: classes are ${shown(given)}; expected 1 to ${MOST_CLASSES} names, background first`,
    );
  }
  const palette = defaultPalette(given.length);
  const classes = given.map((info, index) =>
    typeof info === 'string' ? { name: info, color: palette[index]! } : info,
  );
  const problem = namesProblem(classes.map(({ name }) => name));
  if (problem !== undefined) throw wrong(`${ROOT}: ${problem}`);
  return classes;
}

function checkMask(
  path: string,
  mask: MaskPixels,
  size: { readonly width: number; readonly height: number },
  classes: number,
): void {
  const { data, width, height } = mask ?? {};
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw wrong(`${path}: its mask is ${shown(data)}; expected { data: Uint8Array, width, height }`);
  }
  if (width !== size.width || height !== size.height || data.length !== width * height) {
    throw wrong(
      `${path}: its mask has ${data.length} values for ${shown(width)}x${shown(height)} pixels, the image is ` +
        `${size.width}x${size.height}; expected a value for each pixel`,
    );
  }
  const bad = data.find((value) => value >= classes && value !== IGNORE_INDEX);
  if (bad !== undefined) {
    throw wrong(
      `${path}: its mask has the value ${bad}; with ${classes} classes expected are 0 to ${classes - 1}, and ` +
        `${IGNORE_INDEX} for pixels to ignore`,
    );
  }
}

function opened<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof OtxError) throw wrong(`${path}: ${error.marked}`);
    throw error;
  }
}

const wrong = (message: string) => new OtxError('dataset', message);
