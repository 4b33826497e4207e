/** @file Draws the shapes of one image to a class index per pixel. */
import { OtxError } from '../../../base/errors.js';
import { unreadable } from '../../images/decoder.js';
import { imageFormat } from '../../images/image-format.js';
import sharp from '../../images/sharp.js';
import type { Size } from '../../transforms/geometry.js';
import { drawSegments } from './draw-segments.js';
import { fillPolygon } from './fill-polygon.js';
import type { BitmapShape, RunsShape, ShapeList } from './shape.js';

/**
 * Class indices (HW) of an image of `size`; where shapes overlap, the later one counts.
 *
 * @param source file with the annotation, named in errors.
 * @throws OtxError `image` for a shape that reaches beyond the image, or a bitmap that cannot be decoded.
 */
export async function drawShapes(
  { shapes, ground }: ShapeList,
  size: Size,
  source: string,
): Promise<Uint8Array> {
  const plane = new Uint8Array(size.width * size.height).fill(ground);
  for (const shape of shapes) {
    if (shape.kind === 'polygon') {
      const scale = shape.unit === 'pixels' ? { x: 1, y: 1 } : { x: size.width, y: size.height };
      fillPolygon(plane, size, shape.rings, shape.classIndex, scale);
    } else if (shape.kind === 'runs') {
      checkBox(shape, size, source);
      drawRuns(plane, size, shape);
    } else if (shape.kind === 'bitmap') {
      await drawBitmap(plane, size, shape, source);
    } else {
      await drawSegments(plane, size, shape);
    }
  }
  return plane;
}

function drawRuns(
  plane: Uint8Array,
  size: Size,
  { order, left, top, width, height, counts, classIndex }: RunsShape,
): void {
  let at = 0;
  counts.forEach((count, index) => {
    const end = at + count;
    if (index % 2 === 0) {
      at = end;
      return;
    }
    while (at < end) {
      if (order === 'rows') {
        const [row, column] = [Math.floor(at / width), at % width];
        const run = Math.min(end - at, width - column);
        const start = (top + row) * size.width + left + column;
        plane.fill(classIndex, start, start + run);
        at += run;
      } else {
        const [column, row] = [Math.floor(at / height), at % height];
        plane[(top + row) * size.width + left + column] = classIndex;
        at++;
      }
    }
  });
}

async function drawBitmap(
  plane: Uint8Array,
  size: Size,
  { left, top, bytes, classIndex }: BitmapShape,
  source: string,
): Promise<void> {
  const name = `${source}: the picture of an object in it`;
  if (imageFormat(bytes) !== 'PNG')
    throw new OtxError('image', `${name} is no PNG; export the annotation again`);
  try {
    const limitInputPixels = size.width * size.height;
    const { data, info } = await sharp(bytes, { failOn: 'error', limitInputPixels })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    checkBox({ left, top, width, height }, size, source);
    // What is transparent is not of the object, whatever its colour; without transparency, what is black.
    const first = channels === 2 || channels === 4 ? channels - 1 : 0;
    for (let i = 0, at = 0; i < width * height; i++, at += channels) {
      let bits = 0;
      for (let channel = first; channel < channels; channel++) bits |= data[at + channel]!;
      if (bits === 0) continue;
      plane[(top + Math.floor(i / width)) * size.width + left + (i % width)] = classIndex;
    }
  } catch (error) {
    throw error instanceof OtxError ? error : unreadable(name, error);
  }
}

/** @throws OtxError `image` */
function checkBox(
  { left, top, width, height }: Size & { readonly left: number; readonly top: number },
  size: Size,
  source: string,
): void {
  if (left >= 0 && top >= 0 && left + width <= size.width && top + height <= size.height) return;
  throw new OtxError(
    'image',
    `${source}: the mask of an object covers columns ${left} to ${left + width - 1} and rows ${top} to ` +
      `${top + height - 1}, but its image has ${size.width}x${size.height} pixels; draw it on this image`,
  );
}
