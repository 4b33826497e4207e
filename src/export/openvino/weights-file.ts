/** @file The file of constants: their bytes one after the other, of which layers say offset and size. */

/** Where the bytes of a constant lie. */
export interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Constants begin at multiples of this, so that a mapped file can be used as it is. */
export const ALIGNMENT = 64;

/** Up to so many bytes equal ones are looked for: axes, shapes, factors. */
const SMALL = ALIGNMENT;

/** Collects constants; equal small ones, and arrays that are the same object, are kept once. */
export class WeightsFile {
  /** The file, in pieces. */
  readonly pieces: Uint8Array[] = [];
  private length = 0;
  private readonly known = new Map<object | string, Place>();

  /**
   * @param bytes little-endian values.
   * @param source what the bytes were made of; the same source has the same bytes.
   */
  add(bytes: Uint8Array, source: object): Place {
    const key = bytes.length <= SMALL ? Buffer.from(bytes).toString('latin1') : source;
    const known = this.known.get(key);
    if (known) return known;
    const place = { offset: this.length, size: bytes.length };
    this.known.set(key, place);
    const padding = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    this.pieces.push(bytes, new Uint8Array(padding));
    this.length += bytes.length + padding;
    return place;
  }
}
