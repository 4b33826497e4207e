/** @file Data sets that are drawn by formula while they are used: never on disk, other pictures in each epoch. */

import { OtxError } from '../../base/errors.js';
import { shown } from '../../base/shown.js';
import { surfacesAmong } from '../../synthesis/formula/classes.js';
import { PICTURE_KINDS, type PictureKind } from '../../synthesis/formula/kinds.js';
import { defaultPalette } from '../masks/palette.js';
import { BACKGROUND, type ClassInfo, type Dataset } from '../types.js';

/** Pictures drawn by formula, to be given in place of the folder of a data set. */
export interface FormulaImages {
  /** Which pictures. */
  readonly formula: {
    /** Pictures in an epoch. */
    readonly images: number;
    /** 8 to 255, background included. */
    readonly classes: number;
    /** Width and height of a picture in pixels, 32 to 1024. */
    readonly side: number;
    /** Whole number; which pictures are drawn. What is learned from should have another than what is validated on. */
    readonly seed: number;
    /**
     * What is on them: `surfaces`, grounds and walls of fine texture, which are a quarter of the classes, and some things before them;
     * or `things`, many and large ones, of which all classes are but the background. Default `surfaces`, which are learned faster.
     */
    readonly pictures?: PictureKind | undefined;
  };
}

const RANGES = {
  images: [1, 1_000_000],
  classes: [8, 255],
  side: [32, 1024],
  seed: [0, 2 ** 32 - 1],
} as const;

/** @throws OtxError `usage` for a number that is out of its range. */
export function openFormulaDataset({ formula }: FormulaImages): Dataset {
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const value: unknown = formula?.[name as keyof typeof RANGES];
    if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) continue;
    throw new OtxError(
      'usage',
      `formula.${name} is ${shown(value)}; expected a whole number from ${low} to ${high}`,
    );
  }
  const { images, classes, side, seed, pictures = 'surfaces' } = formula;
  if (!Object.hasOwn(PICTURE_KINDS, pictures)) {
    const kinds = Object.keys(PICTURE_KINDS).join(' or ');
    throw new OtxError('usage', `formula.pictures is ${shown(pictures)}; expected ${kinds}`);
  }
  const root = `pictures by formula, seed ${seed}`;
  const width = String(images).length;
  const samples = Array.from({ length: images }, (_, index) => {
    const id = String(index + 1).padStart(width, '0');
    const path = `${root}: ${id}`;
    const drawn = { side, classes, pictures, key: `${seed}: ${id}` };
    return { id, imagePath: path, maskPath: path, width: side, height: side, drawn };
  });
  return {
    root,
    classes: classesOf(classes, pictures),
    samples,
    decodeMask: {
      values: Array.from({ length: classes }, (_, index) => index),
      colors: [],
      colorsDeclared: false,
      useOtxAdapter: false,
    },
    notices: [],
  };
}

function classesOf(count: number, pictures: PictureKind): ClassInfo[] {
  const palette = defaultPalette(count);
  const surfaces = surfacesAmong(count, pictures);
  return Array.from({ length: count }, (_, index) => {
    const name = index === 0 ? BACKGROUND : index < surfaces ? `surface ${index}` : `thing ${index}`;
    return { name, color: palette[index]! };
  });
}
