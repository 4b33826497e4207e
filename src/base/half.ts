/** @file Half-precision numbers (IEEE 754 binary16): half the bytes of float32 at three and a half decimal digits. */

/** The largest that is finite. */
export const LARGEST_HALF = 65504;

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** Bits of the IEEE 754 half that is nearest to a float32, ties to even; what is too large becomes infinite. */
export function toHalf(value: number): number {
  single[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const half = exponent - 112;
  if (half >= 31) return sign | 0x7c00;
  if (half <= 0) {
    // Subnormal: the leading one joins the fraction. Below a half of the smallest it is zero.
    if (half < -10) return sign;
    return sign | rounded(fraction | 0x800000, 14 - half);
  }
  // A carry out of the fraction is the next exponent, as it should be.
  return sign | ((half << 10) + rounded(fraction, 13));
}

/** A whole number without its last bits, rounded to nearest, ties to even. */
function rounded(value: number, dropped: number): number {
  const kept = value >>> dropped;
  const rest = value & ((1 << dropped) - 1);
  const tie = 1 << (dropped - 1);
  return rest > tie || (rest === tie && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Halves of float32 values. */
export function toHalves(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = toHalf(values[i]!);
  return halves;
}

/** The number that a half stands for; every half is a float32. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let table: Float32Array | undefined;

/** Float32 values of halves. */
export function fromHalves(bits: Uint16Array): Float32Array<ArrayBuffer> {
  // There are few of them, and weights are many.
  table ??= Float32Array.from({ length: 0x10000 }, (_, half) => fromHalf(half));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!;
  return values;
}
