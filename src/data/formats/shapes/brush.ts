/** @file The run lengths of Label Studio's brush: a stream of bits that unpacks to the RGBA bytes of a picture. */
import { Wrong } from './parse-shapes.js';

const CHANNELS = 4;

/**
 * Run lengths of the pixels that the brush painted: those that are not transparent.
 *
 * @param rle bytes as numbers.
 * @param pixels of the picture.
 * @throws Wrong for what is no such stream, or of another size.
 */
export function decodeBrush(rle: unknown, pixels: number): number[] {
  if (!Array.isArray(rle) || !rle.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)) {
    throw new Wrong('has a brush whose rle is no list of bytes');
  }
  const bits = new Bits(Uint8Array.from(rle as number[]));
  const count = bits.read(32);
  if (count !== CHANNELS * pixels) {
    throw new Wrong(`has a brush of ${count / CHANNELS} pixels, but its image has ${pixels}`);
  }
  const wordSize = bits.read(5) + 1;
  const sizes = Array.from({ length: 4 }, () => bits.read(4) + 1);
  const counts: number[] = [];
  let isPainted = false;
  let run = 0;
  const add = (from: number, to: number, value: number) => {
    // The last byte of each four says how opaque a pixel is.
    const opacities = Math.floor(to / CHANNELS) - Math.floor(from / CHANNELS);
    if (opacities === 0) return;
    if (value > 0 !== isPainted) {
      counts.push(run);
      run = 0;
      isPainted = !isPainted;
    }
    run += opacities;
  };
  for (let at = 0; at < count; ) {
    const isRun = bits.read(1) === 1;
    const end = at + 1 + bits.read(sizes[bits.read(2)]!);
    if (end > count) throw new Wrong('has a brush with more pixels than it says');
    if (isRun) add(at, end, bits.read(wordSize));
    else for (let i = at; i < end; i++) add(i, i + 1, bits.read(wordSize));
    at = end;
  }
  counts.push(run);
  return counts;
}

/** Numbers of any count of bits, the highest first. */
class Bits {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @throws Wrong at the end. */
  read(count: number): number {
    if (this.at + count > 8 * this.bytes.length) throw new Wrong('has a brush that ends too early');
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      value = 2 * value + ((this.bytes[this.at >> 3]! >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }
}
