/** @file From a picture whose samples are no bytes to 8-bit RGB, and what has to be known of it for that. */
import type { ImageReading } from '../types.js';
import { decoder, NotDecodable, readHeader, scientificTiff } from './decoder.js';
import { imageFormat } from './image-format.js';
import { missingOf, type Numbers, rangeOf, readTiffNumbers, toRgb } from './numbers.js';

/** What the samples of an image are, beyond bytes. */
export interface NumberEvidence {
  readonly kind: 'uint' | 'int' | 'float';
  /** Bands of the file. */
  readonly bands: number;
  readonly low: number;
  readonly high: number;
  /** Samples that are no finite numbers. */
  readonly missing: number;
}

interface NumberImage extends NumberEvidence {
  readonly numbers: Numbers;
}

/** Of as many bits a photograph is decoded by its high bytes. */
const FULL: NonNullable<ImageReading['range']> = [0, 65535];

/**
 * The samples of a picture that are no bytes; undefined for one that is decoded as a photograph.
 *
 * @throws NotDecodable where bands have to be chosen, or do not exist.
 */
export async function readNumbers(
  bytes: Buffer,
  reading: ImageReading = {},
): Promise<NumberImage | undefined> {
  const directory = scientificTiff(bytes);
  if (directory) {
    const bands = bandsOf(directory.bands, reading.bands);
    const numbers = readTiffNumbers(bytes, directory, bands);
    return { kind: directory.kind, bands: directory.bands, numbers, ...limitsOf(numbers) };
  }
  if (!hasWideSamples(bytes)) return undefined;
  const { depth, space } = await readHeader(bytes);
  if (depth !== 'ushort') return undefined;
  const { data, info } = await decoder(bytes, 'error')
    .toColourspace(space === 'grey16' || space === 'b-w' ? 'grey16' : 'rgb16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  const whole: Numbers = { data: samples, width, height, channels: info.channels as 1 | 3 };
  const numbers = reading.bands ? pick(whole, bandsOf(whole.channels, reading.bands)) : whole;
  return { kind: 'uint', bands: whole.channels, numbers, ...limitsOf(numbers) };
}

/** @throws NotDecodable for a picture without a single number. */
function limitsOf(numbers: Numbers): Pick<NumberEvidence, 'low' | 'high' | 'missing'> {
  const range = rangeOf(numbers);
  if (!range) throw new NotDecodable('none of its samples is a finite number');
  return { low: range[0], high: range[1], missing: missingOf(numbers) };
}

/** Formats that can have samples of 16 bits, as far as the head tells. */
function hasWideSamples(bytes: Buffer): boolean {
  const format = imageFormat(bytes);
  // Byte 24 of a PNG is the number of bits.
  return format === 'PNG' ? bytes[24] === 16 : format === 'TIFF' || format === 'AVIF';
}

/** @returns bands from 1: those that were chosen, or the only one. */
function bandsOf(count: number, chosen: ImageReading['bands']): readonly number[] {
  if (chosen === undefined && count === 1) return [1];
  const examples = count >= 3 ? '1,2,3' : '1';
  if (chosen === undefined) {
    throw new NotDecodable(
      `it has ${count} bands, none of which is known to be a colour; choose one or three of them with bands (--bands ` +
        `${examples}), or save three as RGB`,
    );
  }
  // A picture of one band among others of several has no choice.
  if (count === 1) return [1];
  const missing = chosen.find((band) => band > count);
  if (missing !== undefined) throw new NotDecodable(`it has ${count} bands, and band ${missing} was chosen`);
  return chosen;
}

/** Some channels of interleaved samples. */
export function pick({ data, width, height, channels }: Numbers, bands: readonly number[]): Numbers {
  const out = new Float64Array(width * height * bands.length);
  for (let i = 0, to = 0; i < width * height; i++) {
    for (const band of bands) out[to++] = data[i * channels + band - 1]!;
  }
  return { data: out, width, height, channels: bands.length as 1 | 3 };
}

/** Chosen bands of 8-bit RGB. */
export function pickRgb(
  rgb: Uint8Array,
  width: number,
  height: number,
  chosen: readonly number[],
): Uint8Array {
  const numbers = pick({ data: rgb, width, height, channels: 3 }, bandsOf(3, chosen));
  return toRgb(numbers, [0, 255]);
}

/** 8-bit RGB of a picture of numbers; undefined where its high bytes are it. */
export function rgbOfNumbers(
  image: NumberImage,
  { range, bands }: ImageReading = {},
): { readonly data: Uint8Array; readonly said: string | undefined } | undefined {
  const { kind, high, numbers } = image;
  if (range && (String(range) !== String(FULL) || kind !== 'uint' || bands)) {
    return { data: toRgb(numbers, range), said: undefined };
  }
  if (kind !== 'uint') {
    throw new NotDecodable(
      `it has ${kind === 'int' ? 'signed' : kind} samples, for which no range is known; save it with 8 bits, scaled to their range`,
    );
  }
  const own = bitRange(high);
  if (String(own) === String(FULL) && !bands && numbers.data instanceof Uint16Array) return undefined;
  const said = `its samples of 16 bits go up to ${high} and were read as ${Math.log2(own[1] + 1)} bits`;
  return { data: toRgb(numbers, own), said: String(own) === String(FULL) ? undefined : said };
}

/** From 0 to the largest number of as many bits as are used, at least 8. */
export function bitRange(high: number): readonly [number, number] {
  const bits = Math.max(8, Math.ceil(Math.log2(high + 1)));
  return [0, 2 ** bits - 1];
}
