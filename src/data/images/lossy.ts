/** @file Whether the bytes of a picture were compressed with loss, which invents values between the classes of a mask. */
import type { ImageFormat } from './image-format.js';

/** What changes pixels: JPEG in its ways, WebP as far as the head tells, and TIFF with one of these inside. */
export function isLossy(bytes: Buffer, format: ImageFormat): boolean {
  if (format === 'WebP') return hasLossyChunk(bytes);
  if (format === 'TIFF') return LOSSY_TIFF.has(tiffCompression(bytes) ?? 1);
  return format === 'JPEG';
}

/** Old and new JPEG, JPEG 2000 of three makers, lossy JPEG of raw photographs, WebP. */
const LOSSY_TIFF = new Set([6, 7, 33003, 33005, 34712, 34892, 50001]);
const COMPRESSION_TAG = 259;

/** Tag 259 of the first picture of a classic TIFF; undefined where there is none. */
function tiffCompression(bytes: Buffer): number | undefined {
  const isLittle = bytes[0] === 0x49;
  const uint16 = (at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const uint32 = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  if (bytes.length < 8 || uint16(2) !== 42) return undefined;
  const directory = uint32(4);
  if (directory + 2 > bytes.length) return undefined;
  for (
    let at = directory + 2, left = uint16(directory);
    left > 0 && at + 12 <= bytes.length;
    at += 12, left--
  ) {
    if (uint16(at) === COMPRESSION_TAG) return uint16(at + 8);
  }
  return undefined;
}

/** Chunks of a WebP: `VP8 ` is a picture with loss, `VP8L` one without. */
function hasLossyChunk(bytes: Buffer): boolean {
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (bytes.toString('latin1', at, at + 4) === 'VP8 ') return true;
    const length = bytes.readUInt32LE(at + 4);
    at += 8 + length + (length % 2);
  }
  return false;
}
