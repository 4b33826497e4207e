/** @file Undoes the lossless compressions of TIFF. */
import { inflateSync } from 'node:zlib';

/** Names for messages. */
export const UNPACKED = 'none, LZW, Deflate or PackBits';

/**
 * The bytes of a strip or tile.
 *
 * @param size how many are expected; more are not made.
 * @returns undefined for a compression that is not known.
 * @throws Error for damaged data.
 */
export function unpack(packed: Buffer, compression: number, size: number): Buffer | undefined {
  switch (compression) {
    case 1:
      return packed;
    case 5:
      return unpackLzw(packed, size);
    case 8:
    case 32946:
      return inflateSync(packed, { maxOutputLength: size + 1 });
    case 32773:
      return unpackBits(packed, size);
    default:
      return undefined;
  }
}

function unpackBits(packed: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size);
  let to = 0;
  for (let at = 0; at < packed.length && to < size; ) {
    const head = packed.readInt8(at++);
    if (head >= 0) {
      to += packed.copy(out, to, at, at + head + 1);
      at += head + 1;
    } else if (head > -128) {
      out.fill(packed[at++] ?? 0, to, Math.min(to + 1 - head, size));
      to += 1 - head;
    }
  }
  return out;
}

const CLEAR = 256;
const END = 257;

/** Codes of 9 to 12 bits, the highest bit first; a code is the one before it and a byte more. */
function unpackLzw(packed: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size);
  /** Where in the output the string of a code stands, and its length. */
  const places = new Int32Array(4097);
  const lengths = new Int32Array(4097);
  let to = 0;
  let next = END + 1;
  let width = 9;
  let before = -1;
  for (let bit = 0; bit + width <= 8 * packed.length && to < size; ) {
    const at = bit >> 3;
    const three = ((packed[at]! << 16) | ((packed[at + 1] ?? 0) << 8) | (packed[at + 2] ?? 0)) >>> 0;
    const code = (three >> (24 - width - (bit & 7))) & ((1 << width) - 1);
    bit += width;
    if (code === END) break;
    if (code === CLEAR) {
      next = END + 1;
      width = 9;
      before = -1;
      continue;
    }
    const start = to;
    if (code < CLEAR) out[to++] = code;
    else {
      if (code > next || (code === next && before < 0)) throw new Error('damaged LZW data');
      const isNew = code === next;
      const place = isNew ? before : places[code]!;
      const length = isNew ? start - before + 1 : lengths[code]!;
      for (let i = 0; i < length && to < size; i++) out[to++] = out[place + i]!;
    }
    if (before >= 0 && next < 4096) {
      places[next] = before;
      lengths[next] = start - before + 1;
      next++;
    }
    before = start;
    if (next + 1 >= 1 << width && width < 12) width++;
  }
  return out;
}
