/** @file A small data set out of nothing, written in any layout: what the tests of the formats share. */
import { join } from 'node:path';
import { Random } from '../../../base/random.js';
import { indexMask, noise, rgbPng, temporaryFolder, writeFiles } from '../../datasets/fixtures.cases.js';

/** An image with the truth about it. */
export interface GeneratedPicture {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly image: Buffer;
  /** Class index per pixel, 255 where there is none. */
  readonly labels: Uint8Array;
}

/** Names in alphabetical order, since some formats have no other. */
export const NAMES = ['background', 'car', 'tree'];

export type Part = 'train' | 'val';
export type Generated = Readonly<Record<Part, readonly GeneratedPicture[]>>;

const PART_SIZES: Readonly<Record<Part, number>> = { train: 3, val: 2 };

/** Rectangles of both classes on the background, and of ignored pixels where `hasIgnored`. */
export async function generate(hasIgnored: boolean, size = { width: 23, height: 17 }): Promise<Generated> {
  const part = (name: Part) =>
    Promise.all(
      Array.from({ length: PART_SIZES[name] }, (_, i) =>
        picture(`${name}_${i + 1}`, size, hasIgnored ? [1, 2, 255, 1] : [1, 2, 1, 2]),
      ),
    );
  return { train: await part('train'), val: await part('val') };
}

async function picture(
  id: string,
  { width, height }: { width: number; height: number },
  values: readonly number[],
): Promise<GeneratedPicture> {
  const random = new Random(id);
  const labels = new Uint8Array(width * height);
  for (const value of values) {
    const [left, top] = [random.integer(width - 4), random.integer(height - 4)];
    const [right, bottom] = [left + 3 + random.integer(width), top + 3 + random.integer(height)];
    for (let y = top; y < Math.min(bottom, height); y++) {
      for (let x = left; x < Math.min(right, width); x++) labels[y * width + x] = value;
    }
  }
  // Each class is there, whatever the rectangles hide.
  labels[0] = 1;
  labels[width * height - 1] = 2;
  const image = await rgbPng(noise(width, height, random.uint32()), width, height);
  return { id, width, height, image, labels };
}

/** Pixels of one class as rectangles of one row each, in the order of the image. */
export interface Row {
  readonly value: number;
  readonly x: number;
  readonly y: number;
  readonly length: number;
}

/** All rows of equal labels other than background. */
export function rowsOf({ labels, width, height }: GeneratedPicture): Row[] {
  const rows: Row[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; ) {
      const value = labels[y * width + x]!;
      let end = x + 1;
      while (end < width && labels[y * width + end] === value) end++;
      if (value !== 0) rows.push({ value, x, y, length: end - x });
      x = end;
    }
  }
  return rows;
}

/** Corners of the rectangle that holds the centres of exactly these pixels. */
export const cornersOf = ({ x, y, length }: Row): [number, number][] => [
  [x, y],
  [x + length, y],
  [x + length, y + 1],
  [x, y + 1],
];

/** The data set in the Common layout, each part in a folder of its own. */
export async function writeCommon(generated: Generated): Promise<string> {
  const root = await temporaryFolder();
  for (const part of ['train', 'val'] as const) {
    const files = generated[part].flatMap(({ id, image, labels, width, height }): [string, Buffer][] => [
      [`images/${id}.png`, image],
      [`masks/${id}.png`, indexMask([...labels], width, height)],
    ]);
    await writeFiles(join(root, part), {
      ...Object.fromEntries(files),
      'dataset_meta.json': { labels: NAMES },
    });
  }
  return root;
}
