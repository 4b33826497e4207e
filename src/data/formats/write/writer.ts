/** @file What a writer of a format takes and gives, and what all of them need. */
import { posix } from 'node:path';
import { throwIfAborted } from '../../../base/abortable.js';
import { readBytes } from '../../images/decoder.js';
import sharp from '../../images/sharp.js';
import type { Rgb } from '../../masks/color-vision.js';
import { grayToPalette } from '../../masks/png.js';
import type { Size } from '../../transforms/geometry.js';
import type { ClassInfo, MaskCoding, Sample } from '../../types.js';
import { WHOLE } from '../format.js';
import { readLabels } from '../read-labels.js';

/** A subset to write. */
export interface SubsetToWrite {
  /** {@link WHOLE} where there are no subsets. */
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly coding: MaskCoding;
}

/** A data set to write. */
export interface DatasetToWrite {
  /** The same for all subsets; index 0 is background. */
  readonly classes: readonly ClassInfo[];
  readonly subsets: readonly SubsetToWrite[];
  /** Called after each picture. */
  readonly onPicture?: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** Writes one file, under a path with forward slashes. */
export type Save = (path: string, content: Uint8Array | string) => Promise<void>;

/** A sample with what is written of it. */
export interface Picture extends Size {
  readonly subset: string;
  /** As in the data set; unique in its subset. */
  readonly id: string;
  /** The file as it is. */
  readonly bytes: Uint8Array;
  /** Ending of its name, with the dot. */
  readonly ending: string;
  /** Class index per pixel, 255 where there is none. */
  readonly labels: Uint8Array;
}

/** One way to write a data set. */
export interface DatasetWriter {
  readonly name: string;
  readonly title: string;
  /** @throws OtxError `usage` for what the format cannot say, before anything is written. */
  write(dataset: DatasetToWrite, save: Save): Promise<void>;
}

/** The pictures of a data set, one at a time: a data set need not fit into memory. */
export async function* picturesOf(dataset: DatasetToWrite): AsyncGenerator<Picture> {
  const { subsets, onPicture, signal } = dataset;
  for (const { name: subset, samples, coding } of subsets) {
    for (const sample of samples) {
      throwIfAborted(signal, 'converting');
      const { data, width, height } = await readLabels(sample, coding);
      yield {
        subset,
        id: sample.id,
        bytes: await readBytes(sample.imagePath),
        ending: posix.extname(sample.imagePath.replaceAll('\\', '/')),
        labels: data,
        width,
        height,
      };
      onPicture?.();
    }
  }
}

/** A folder for a subset, with a slash behind it; none where there are no subsets. */
export const folderOf = (subset: string): string => (subset === WHOLE ? '' : `${subset}/`);

/** A gray PNG of class indices. */
export function indexPng({
  labels,
  width,
  height,
}: Pick<Picture, 'labels' | 'width' | 'height'>): Promise<Buffer> {
  return sharp(labels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

/** The same in colours: the indices are those of its palette. */
export async function palettePng(picture: Picture, palette: readonly Rgb[]): Promise<Buffer> {
  return grayToPalette(await indexPng(picture), palette);
}

/** The pixels of one label. */
export interface Value {
  readonly value: number;
  readonly area: number;
  /** Left, top, width and height of the smallest rectangle around them. */
  readonly box: readonly [number, number, number, number];
}

/** The labels that a picture has, but the background, in ascending order. */
export function valuesIn({ labels, width }: Picture): Value[] {
  const found = new Map<number, { area: number; left: number; top: number; right: number; bottom: number }>();
  labels.forEach((value, at) => {
    if (value === 0) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    const known = found.get(value);
    if (!known) {
      found.set(value, { area: 1, left: x, top: y, right: x, bottom: y });
      return;
    }
    known.area++;
    known.left = Math.min(known.left, x);
    known.right = Math.max(known.right, x);
    known.bottom = y;
  });
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([value, { area, left, top, right, bottom }]) => ({
      value,
      area,
      box: [left, top, right - left + 1, bottom - top + 1],
    }));
}
