/** @file Decodes a mask file to what is stored in it, before anybody says what that means. */
import { OtxError } from '../../base/errors.js';
import { alphaDecoder, decoder, readBytes, readHeader, unreadable } from '../images/decoder.js';
import { isLossy } from '../images/lossy.js';
import type { Rgb } from './color-vision.js';
import { type PngHead, paletteToGray, readPngHead } from './png.js';

/** What the samples of a mask file are. */
export type MaskForm =
  /** Gray: one stored sample per pixel. */
  | { readonly kind: 'values'; readonly depth: number }
  /** A PNG with a palette: an index per pixel. */
  | { readonly kind: 'indices'; readonly depth: number; readonly palette: readonly Rgb[] }
  /** Red, green and blue per pixel. */
  | { readonly kind: 'colours' };

/** A decoded mask, upright as its own EXIF data says. */
export interface RawMask {
  readonly form: MaskForm;
  /** One per pixel; three of `colours`. Never stretched: of a 1-bit file they are 0 and 1. */
  readonly samples: Uint8Array | Uint16Array;
  readonly width: number;
  readonly height: number;
  /** Whether the file says of itself how it is to be turned. */
  readonly saysOrientation: boolean;
  /** Opacity per pixel where it was asked for and the file has it. */
  readonly alpha: Uint8Array | undefined;
}

export interface RawMaskOptions {
  /** Whether opacities are wanted, which are decoded apart. Default false. */
  readonly alpha?: boolean;
  /** Whether a file that is compressed with loss is decoded all the same. Default false. */
  readonly lossy?: boolean | undefined;
}

/** @throws OtxError `image` naming the file when it cannot be decoded, is compressed with loss or holds several pictures. */
export async function readRawMask(
  path: string,
  { alpha = false, lossy = false }: RawMaskOptions = {},
): Promise<RawMask> {
  const bytes = await readBytes(path);
  try {
    const head = readPngHead(bytes);
    const mask = await decode(head?.palette ? paletteToGray(bytes) : bytes, path, head, lossy);
    const isWanted = alpha && mask.hasAlpha;
    return { ...mask, alpha: isWanted ? await decodeAlpha(bytes) : undefined };
  } catch (error) {
    throw error instanceof OtxError ? error : unreadable(path, error);
  }
}

type Decoded = Omit<RawMask, 'alpha'> & { readonly hasAlpha: boolean };

async function decode(
  bytes: Buffer,
  path: string,
  head: PngHead | undefined,
  lossy: boolean,
): Promise<Decoded> {
  const { format, space, depth, pages, orientation, hasAlpha } = await readHeader(bytes);
  if (!lossy && isLossy(bytes, format)) {
    const kind = format === 'JPEG' ? 'a JPEG mask' : `a ${format} mask compressed with loss`;
    throw new OtxError(
      'image',
      `${path} is ${kind}, and lossy compression changes class values: save masks as PNG, or take the ` +
        `class whose colour is nearest with --assume nearest-colour`,
    );
  }
  if (pages > 1) {
    throw new OtxError('image', `${path} holds ${pages} pictures; save a mask as a single one`);
  }
  const pipeline = decoder(bytes, 'error');
  const common = { saysOrientation: orientation > 1, hasAlpha };
  if (space === 'b-w' || space === 'grey16') {
    const wide = depth === 'ushort';
    const { data, info } = await pipeline
      .toColourspace(space)
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const samples = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    const stored = head && (head.gray || head.palette) && head.depth < 8 ? head.depth : wide ? 16 : 8;
    if (stored < 8) unstretch(samples, stored);
    const form: MaskForm = head?.palette
      ? { kind: 'indices', depth: stored, palette: head.palette }
      : { kind: 'values', depth: stored };
    return { form, samples, width, height, ...common };
  }
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { form: { kind: 'colours' }, samples: data, width: info.width, height: info.height, ...common };
}

/** Decoders stretch 1, 2 and 4 bit samples over 0..255. */
function unstretch(samples: Uint8Array | Uint16Array, depth: number): void {
  const step = 255 / (2 ** depth - 1);
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! / step;
}

async function decodeAlpha(bytes: Buffer): Promise<Uint8Array> {
  return alphaDecoder(bytes).raw({ depth: 'uchar' }).toBuffer();
}
