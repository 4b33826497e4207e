import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../base/random.js';
import { readTiffDirectory, type TiffDirectory } from './directory.js';
import { readTiffSamples } from './samples.js';

const [WIDTH, HEIGHT] = [70, 53];

/** Runs and noise, so that every compression has something to do. */
function picture(channels: 1 | 3, largest: number): number[] {
  const random = new Random(channels);
  return Array.from({ length: WIDTH * HEIGHT * channels }, (_, i) =>
    i % 97 < 60 ? (i >> 6) % largest : random.integer(largest),
  );
}

async function encode(
  values: readonly number[],
  channels: 1 | 3,
  wide: boolean,
  options: object,
): Promise<Buffer> {
  const raw = { width: WIDTH, height: HEIGHT, channels };
  const data = wide ? Uint16Array.from(values) : Uint8Array.from(values);
  const space = channels === 1 ? (wide ? 'grey16' : 'b-w') : wide ? 'rgb16' : 'srgb';
  return sharp(data, { raw }).toColourspace(space).tiff(options).toBuffer();
}

describe('readTiffSamples', () => {
  const compressions = ['none', 'lzw', 'deflate', 'packbits'] as const;
  const cases = compressions.flatMap((compression) =>
    ([1, 3] as const).flatMap((channels) =>
      [false, true].flatMap((wide) =>
        [{}, { predictor: 'horizontal' }, { tile: true, tileWidth: 32, tileHeight: 16 }].map((how) => ({
          ...{ compression, channels, wide, how, name: JSON.stringify(how) },
        })),
      ),
    ),
  );
  it.each(cases)('reads $channels bands, 16 bits: $wide, $compression $name', async (one) => {
    const { compression, channels, wide, how } = one;
    const values = picture(channels, wide ? 65536 : 256);
    const bytes = await encode(values, channels, wide, { compression, ...how });
    const directory = readTiffDirectory(bytes)!;
    expect(directory).toMatchObject({ width: WIDTH, height: HEIGHT, bands: channels, bits: wide ? 16 : 8 });
    const bands = channels === 1 ? [0] : [2, 0, 1];
    const expected = Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
      bands.map((band) => values[i * channels + band]!),
    ).flat();
    expect([...readTiffSamples(bytes, directory, bands)]).toEqual(expected);
  });

  it.each([true, false])('reads floats stored as differences of bytes, little-endian: %s', (isLittle) => {
    const values = [0, 1.5, -2.25, 1e6, 3, 0.125];
    const [width, size] = [3, 4];
    const rows = [values.slice(0, width), values.slice(width)].map((row) => {
      // The highest bytes of all samples come first, then the next ones; then each byte is a difference.
      const planes = Buffer.alloc(width * size);
      row.forEach((value, i) => {
        const bytes = Buffer.alloc(size);
        bytes.writeFloatBE(value);
        bytes.forEach((byte, place) => {
          planes[place * width + i] = byte;
        });
      });
      return planes.map((byte, i) => (i === 0 ? byte : byte - planes[i - 1]!));
    });
    const bytes = deflateSync(Buffer.concat(rows));
    const directory: TiffDirectory = {
      ...{ isLittle, width, height: 2, bands: 1, bits: 32, kind: 'float', photometric: 1, compression: 8 },
      ...{ predictor: 3, isPlanar: false, block: { width, height: 2 }, orientation: 1 },
      ...{ offsets: [0], counts: [bytes.length] },
    };
    expect([...readTiffSamples(bytes, directory, [0])]).toEqual(values);
  });

  it('reads bands that are stored apart', () => {
    const bytes = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const directory: TiffDirectory = {
      ...{
        isLittle: true,
        width: 2,
        height: 2,
        bands: 2,
        bits: 8,
        kind: 'uint',
        photometric: 1,
        compression: 1,
      },
      ...{ predictor: 1, isPlanar: true, block: { width: 2, height: 2 }, orientation: 1 },
      ...{ offsets: [0, 4], counts: [4, 4] },
    };
    expect([...readTiffSamples(bytes, directory, [1])]).toEqual([5, 6, 7, 8]);
    expect([...readTiffSamples(bytes, directory, [1, 0])]).toEqual([5, 1, 6, 2, 7, 3, 8, 4]);
  });

  it('knows nothing of what is no directory', () => {
    expect(readTiffDirectory(Buffer.from('II*\0\xff\xff\xff\x7f', 'latin1'))).toBeUndefined();
    expect(readTiffDirectory(Buffer.from('II*\0', 'latin1'))).toBeUndefined();
  });
});
