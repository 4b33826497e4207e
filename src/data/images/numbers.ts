/** @file Images whose samples are numbers of more than 8 bits: reading them as they are, and bringing them to 8 bits. */
import type { ImageReading } from '../types.js';
import { storedAt } from './orientation.js';
import { readTiffDirectory, type TiffDirectory } from './tiff/directory.js';
import { readTiffSamples } from './tiff/samples.js';

/** What the samples of an image are. */
export interface NumberFacts {
  readonly kind: 'uint' | 'int' | 'float';
  readonly bits: number;
  readonly bands: number;
}

/** Samples of one or three bands, HWC and upright. */
export interface Numbers {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/**
 * The directory of a TIFF that is no photograph: of samples that are not of 8 or 16 bits without sign, or of bands that are
 * no colours.
 */
export function scientificDirectory(bytes: Buffer): TiffDirectory | undefined {
  const directory = readTiffDirectory(bytes);
  if (!directory) return undefined;
  const { kind, bits, bands, photometric } = directory;
  const isPicture = kind === 'uint' && (bits <= 8 || bits === 16);
  const colours = photometric <= 1 || photometric === 3 ? 2 : photometric === 5 ? 5 : 4;
  return isPicture && bands <= colours ? undefined : directory;
}

/** @throws UnknownTiff, Error */
export function readTiffNumbers(bytes: Buffer, directory: TiffDirectory, bands: readonly number[]): Numbers {
  const { width, height, orientation } = directory;
  const data = readTiffSamples(
    bytes,
    directory,
    bands.map((band) => band - 1),
  );
  const channels = bands.length as 1 | 3;
  return upright({ data, width, height, channels }, orientation);
}

function upright(numbers: Numbers, orientation: number): Numbers {
  if (orientation <= 1 || orientation > 8) return numbers;
  const { data, width, height, channels } = numbers;
  const [w, h] = orientation >= 5 ? [height, width] : [width, height];
  const out = new Float64Array(data.length);
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const from = storedAt(orientation, x, y, width, height) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!;
    }
  }
  return { data: out, width: w, height: h, channels };
}

/** Least and largest of the finite samples; undefined where there are none. */
export function rangeOf({ data }: Numbers): readonly [number, number] | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value < low && value !== Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value !== Number.POSITIVE_INFINITY) high = value;
  }
  return low <= high ? [low, high] : undefined;
}

/** Samples that are no finite numbers. */
export function missingOf({ data }: Numbers): number {
  let missing = 0;
  if (data instanceof Float64Array || data instanceof Float32Array)
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i]!)) missing++;
  return missing;
}

/** HWC RGB of 8 bits; what is outside of the range is 0 or 255, and what is no number 0. */
export function toRgb(
  { data, channels }: Numbers,
  [low, high]: NonNullable<ImageReading['range']>,
): Uint8Array {
  const rgb = new Uint8Array((3 * data.length) / channels);
  const factor = high > low ? 255 / (high - low) : 0;
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    for (let c = 0; c < 3; c++) {
      const value = (data[from + (channels === 1 ? 0 : c)]! - low) * factor;
      // Of a comparison with what is no number nothing is true.
      rgb[to + c] = value > 0 ? Math.min(Math.floor(value + 0.5), 255) : 0;
    }
  }
  return rgb;
}
