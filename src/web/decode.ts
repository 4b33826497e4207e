/** @file Pictures in a browser: its own decoder, set to give the pixels that are stored, as `otx predict` takes them. */

import { messageOf, OtxError } from '../base/errors.js';
import { rgbOf } from '../data/images/raw-image.js';
import { type PictureRows, rowsOf } from '../data/images/rows.js';
import type { ImageReading } from '../data/types.js';
import { type Bitmap, type Browser, here } from './browser.js';

/** Pixels in memory, such as the `ImageData` of a canvas. */
export interface PixelSource {
  /** 8 bits a sample, row by row from the top, the channels of a pixel side by side. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: gray, 3: RGB, 4: RGB with an opacity that is dropped. Default 4. */
  readonly channels?: 1 | 3 | 4 | undefined;
}

/** What a canvas can draw: `ImageBitmap`, `HTMLImageElement`, `HTMLVideoElement`, `HTMLCanvasElement`, `OffscreenCanvas`, `VideoFrame`. */
export interface DrawableSource {
  /** In pixels; those of the picture count where an element has others. */
  readonly width?: number;
  /** In pixels. */
  readonly height?: number;
  /** Of an `HTMLImageElement`. */
  readonly naturalWidth?: number;
  /** Of an `HTMLImageElement`. */
  readonly naturalHeight?: number;
  /** Of an `HTMLVideoElement`. */
  readonly videoWidth?: number;
  /** Of an `HTMLVideoElement`. */
  readonly videoHeight?: number;
  /** Of a `VideoFrame`. */
  readonly displayWidth?: number;
  /** Of a `VideoFrame`. */
  readonly displayHeight?: number;
}

/** A picture file (`Blob`, `File`, or its bytes), pixels, or what a canvas can draw. */
export type PictureSource = Blob | Uint8Array | ArrayBuffer | PixelSource | DrawableSource;

/** A picture until it is closed. */
export interface OpenPicture {
  readonly picture: PictureRows;
  close(): void;
}

const nothing = (): void => undefined;

/** EXIF data turns the picture, colour profiles are ignored, as everywhere in this package. */
const AS_STORED = {
  imageOrientation: 'from-image',
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
} as const;

/**
 * Opens a picture.
 *
 * @param reading as the model learned from its images.
 * @throws OtxError `image` for a file that the browser does not decode, `usage` for what is no picture.
 */
export async function openSource(
  source: PictureSource,
  reading: ImageReading | undefined,
  browser: Browser = here,
): Promise<OpenPicture> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    return openFile(new Blob([source as Uint8Array<ArrayBuffer>]), reading, browser);
  }
  if (source instanceof Blob) return openFile(source, reading, browser);
  if (typeof source === 'object' && source !== null) {
    if ('data' in source) {
      const { data, width, height, channels = 4 } = source;
      return { picture: rowsOf(rgbOf({ data, width, height, channels })), close: nothing };
    }
    const size = sizeOf(source);
    if (size) return { picture: drawnRows(source, size, browser), close: nothing };
  }
  throw new OtxError(
    'usage',
    'the picture is none; expected a file (Blob, or its bytes as Uint8Array or ArrayBuffer), pixels ' +
      '({ data, width, height, channels }), or what a canvas can draw, once it is loaded',
  );
}

async function openFile(
  file: Blob,
  reading: ImageReading | undefined,
  browser: Browser,
): Promise<OpenPicture> {
  if (reading?.range || reading?.bands) {
    throw new OtxError(
      'image',
      'the model learned from samples of more than 8 bits, or from chosen bands, which browsers do not decode; give pixels ' +
        '({ data, width, height, channels }) that were made of the samples in the same way',
    );
  }
  if (!browser.createImageBitmap) throw lacks('createImageBitmap');
  let bitmap: Bitmap;
  try {
    bitmap = await browser.createImageBitmap(file, AS_STORED);
  } catch (error) {
    throw new OtxError(
      'image',
      `the picture cannot be decoded by this browser (${messageOf(error)}); save it as JPEG or PNG`,
      { cause: error },
    );
  }
  return { picture: drawnRows(bitmap, bitmap, browser), close: () => bitmap.close() };
}

/** Of the picture, not of its place in a page. Undefined for what is not loaded. */
function sizeOf(source: DrawableSource): { width: number; height: number } | undefined {
  const width = source.naturalWidth ?? source.videoWidth ?? source.displayWidth ?? source.width;
  const height = source.naturalHeight ?? source.videoHeight ?? source.displayHeight ?? source.height;
  return width && height ? { width, height } : undefined;
}

/** A canvas of the part that is asked for and no more: browsers limit the size of one. */
function drawnRows(
  drawable: object,
  size: { readonly width: number; readonly height: number },
  { OffscreenCanvas }: Browser,
): PictureRows {
  const window: PictureRows['window'] = async ({ left, top, width, height }) => {
    if (!OffscreenCanvas) throw lacks('OffscreenCanvas');
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (!context) throw lacks('a canvas of this size');
    context.drawImage(drawable, -left, -top);
    const { data } = context.getImageData(0, 0, width, height);
    return rgbOf({ data, width, height, channels: 4 }).data;
  };
  return {
    ...{ width: size.width, height: size.height, whole: undefined, warning: undefined, window },
    rows: (first, count) => window({ left: 0, top: first, width: size.width, height: count }),
  };
}

const lacks = (what: string) =>
  new OtxError('image', `this browser has no ${what}, with which pictures are read; use a newer one`);
