/** @file Just enough of the PNG container to read palette indices, which decoders replace by colours, and to carry text. */
import { crc32 } from 'node:zlib';
import type { Rgb } from './color-vision.js';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const GRAY = 0;
const PALETTE = 3;
/** Position of the bit depth and the colour type within the file: signature, chunk head, width and height precede. */
const DEPTH_AT = 24;
const COLOR_TYPE_AT = 25;

/** What the head of a PNG says; undefined for other formats. */
export interface PngHead {
  /** Bits per stored sample. */
  readonly depth: number;
  readonly gray: boolean;
  /** Colours of a palette image, by index. */
  readonly palette: readonly Rgb[] | undefined;
}

export function readPngHead(bytes: Buffer): PngHead | undefined {
  if (bytes.length <= COLOR_TYPE_AT || !bytes.subarray(0, 8).equals(SIGNATURE)) return undefined;
  const colorType = bytes[COLOR_TYPE_AT];
  let palette: Rgb[] | undefined;
  if (colorType === PALETTE) {
    const body = [...chunks(bytes)].find((chunk) => chunk.type === 'PLTE')?.body ?? Buffer.alloc(0);
    palette = Array.from({ length: Math.floor(body.length / 3) }, (_, i) => [
      body[3 * i]!,
      body[3 * i + 1]!,
      body[3 * i + 2]!,
    ]);
  }
  return { depth: bytes[DEPTH_AT]!, gray: colorType === GRAY, palette };
}

/**
 * The same palette PNG relabelled as a gray one, whose decoded samples are the palette indices (scaled to 8 bits for
 * depths below 8). The pixel data of both kinds are stored alike, so only the header changes.
 */
export function paletteToGray(bytes: Buffer): Buffer {
  const parts: Buffer[] = [SIGNATURE];
  for (const { type, whole } of chunks(bytes)) {
    if (type === 'IHDR') {
      const head = Buffer.from(whole);
      head[COLOR_TYPE_AT - SIGNATURE.length] = GRAY;
      head.writeUInt32BE(crc32(head.subarray(4, -4)), head.length - 4);
      parts.push(head);
    } else if (type === 'IDAT' || type === 'IEND' || type === 'eXIf') {
      parts.push(whole);
    }
  }
  return Buffer.concat(parts);
}

/** The undoing of {@link paletteToGray} for a gray PNG of 8 bits: the samples are the same, and viewers show them in colours. */
export function grayToPalette(bytes: Buffer, palette: readonly Rgb[]): Buffer {
  const colors = chunkOf('PLTE', Buffer.from(palette.flat()));
  const parts = [...chunks(bytes)].flatMap(({ type, whole }) => {
    if (type !== 'IHDR') return type === 'IDAT' || type === 'IEND' ? [whole] : [];
    const head = Buffer.from(whole.subarray(8, -4));
    head[COLOR_TYPE_AT - SIGNATURE.length - 8] = PALETTE;
    return [chunkOf('IHDR', head), colors];
  });
  return Buffer.concat([SIGNATURE, ...parts]);
}

function chunkOf(type: string, body: Buffer): Buffer {
  const chunk = Buffer.alloc(body.length + 12);
  chunk.writeUInt32BE(body.length, 0);
  chunk.write(type, 4, 'latin1');
  body.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return chunk;
}

/** A PNG with a text chunk (tEXt, Latin-1) more, before its end. */
export function withPngText(bytes: Buffer, keyword: string, text: string): Buffer {
  const chunk = chunkOf('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'));
  const parts = [...chunks(bytes)].flatMap(({ type, whole }) => (type === 'IEND' ? [chunk, whole] : [whole]));
  return Buffer.concat([SIGNATURE, ...parts]);
}

/** The text of the first text chunk with that keyword; undefined when there is none or the file is no PNG. */
export function readPngText(bytes: Buffer, keyword: string): string | undefined {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) return undefined;
  const start = `${keyword}\0`;
  for (const { type, body } of chunks(bytes)) {
    if (type !== 'tEXt') continue;
    const text = body.toString('latin1');
    if (text.startsWith(start)) return text.slice(start.length);
  }
  return undefined;
}

/** Chunks in file order; a truncated last chunk is given as far as it goes. */
function* chunks(bytes: Buffer): Generator<{ type: string; body: Buffer; whole: Buffer }> {
  for (let at = SIGNATURE.length; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    yield {
      type,
      body: bytes.subarray(at + 8, at + 8 + length),
      whole: bytes.subarray(at, at + 12 + length),
    };
    at += 12 + length;
  }
}
