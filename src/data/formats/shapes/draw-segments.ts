/** @file Reads a mask of the full ADE20K, whose colours are numbers of classes and of objects. */
import { OtxError } from '../../../base/errors.js';
import { sizeMismatch } from '../../datasets/size-mismatch.js';
import { decoder, readBytes, unreadable } from '../../images/decoder.js';
import type { Size } from '../../transforms/geometry.js';
import type { SegmentsShape } from './shape.js';

/** Of red, in which the number of a class has its higher part. */
const RED_STEP = 10;

/** @throws OtxError `image` for a file that cannot be decoded, or of another size. */
export async function drawSegments(
  plane: Uint8Array,
  size: Size,
  { path, by, classOf }: SegmentsShape,
): Promise<void> {
  const bytes = await readBytes(path);
  const { data, info } = await decoder(bytes, 'error')
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw unreadable(path, error);
    });
  const mismatch = sizeMismatch({ imagePath: 'its image', maskPath: path }, size, info);
  if (mismatch) throw new OtxError('image', mismatch);
  const classes = new Map(classOf);
  if (by === 'code') {
    for (let i = 0, at = 0; i < plane.length; i++, at += 3) {
      const code = Math.floor(data[at]! / RED_STEP) * 256 + data[at + 1]!;
      plane[i] = classes.get(code) ?? plane[i]!;
    }
    return;
  }
  const found = new Set<number>();
  for (let at = 2; at < data.length; at += 3) found.add(data[at]!);
  const rank = new Map([...found].sort((a, b) => a - b).map((value, position) => [value, position]));
  // The lowest value is what is no object, if it is there at all.
  const first = found.has(0) ? 0 : 1;
  for (let i = 0, at = 2; i < plane.length; i++, at += 3) {
    plane[i] = classes.get(rank.get(data[at]!)! + first) ?? plane[i]!;
  }
}
