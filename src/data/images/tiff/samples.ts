/** @file Reads the numbers of a TIFF, of any kind and of as many bands as there are, which picture decoders make colours of. */
import type { TiffDirectory } from './directory.js';
import { UNPACKED, unpack } from './unpack.js';

/** What cannot be read, as a clause: "its samples have 24 bits". */
export class UnknownTiff extends Error {}

/**
 * The samples of some bands, interleaved, row by row as stored.
 *
 * @param bands positions of bands, from 0.
 * @throws UnknownTiff for a form that is not known, Error for damaged data.
 */
export function readTiffSamples(
  bytes: Buffer,
  directory: TiffDirectory,
  bands: readonly number[],
): Float64Array | Float32Array {
  const { width, height, block, isPlanar, offsets, counts, compression } = directory;
  const { bits, kind } = directory;
  const read = readerOf(directory);
  const out = new (bits > 24 ? Float64Array : Float32Array)(width * height * bands.length);
  const across = Math.ceil(width / block.width);
  const down = Math.ceil(height / block.height);
  const stored = isPlanar ? 1 : directory.bands;
  const size = (bits / 8) * stored;
  if (offsets.length < across * down * (isPlanar ? directory.bands : 1))
    throw new Error('it has too few strips');
  const rowBytes = block.width * size;
  const copy = (index: number, plane: number) => {
    const [left, top] = [(index % across) * block.width, Math.floor(index / across) * block.height];
    const place = offsets[plane * across * down + index]!;
    const packed = bytes.subarray(place, place + counts[plane * across * down + index]!);
    const rows = Math.min(block.height, height - top);
    const unpacked = unpack(packed, compression, rowBytes * block.height);
    if (!unpacked) {
      throw new UnknownTiff(
        `its compression ${compression} is not read for ${kind} samples or many bands; use ${UNPACKED}`,
      );
    }
    if (unpacked.length < rowBytes * rows) throw new Error('a strip is too short');
    const plain = undoPredictor(unpacked, directory, rows, stored);
    for (const [to, band] of bands.entries()) {
      if (isPlanar && band !== plane) continue;
      for (let y = 0; y < rows; y++) {
        const columns = Math.min(block.width, width - left);
        for (let x = 0; x < columns; x++) {
          const at = y * rowBytes + x * size + (isPlanar ? 0 : (band * bits) / 8);
          out[((top + y) * width + left + x) * bands.length + to] = read(plain, at);
        }
      }
    }
  };
  const planes = isPlanar ? [...new Set(bands)] : [0];
  for (const plane of planes) for (let index = 0; index < across * down; index++) copy(index, plane);
  return out;
}

function readerOf({ bits, kind, isLittle }: TiffDirectory): (bytes: Buffer, at: number) => number {
  const size = bits / 8;
  if (kind === 'float') {
    if (bits === 32) return (bytes, at) => (isLittle ? bytes.readFloatLE(at) : bytes.readFloatBE(at));
    if (bits === 64) return (bytes, at) => (isLittle ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at));
  } else if (bits === 8 || bits === 16 || bits === 32) {
    if (kind === 'uint')
      return (bytes, at) => (isLittle ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size));
    return (bytes, at) => (isLittle ? bytes.readIntLE(at, size) : bytes.readIntBE(at, size));
  }
  throw new UnknownTiff(`its ${kind} samples have ${bits} bits; save it with 8, 16 or 32`);
}

/** Samples may be stored as differences from their left neighbours. */
function undoPredictor(bytes: Buffer, directory: TiffDirectory, rows: number, stored: number): Buffer {
  const { predictor, bits, block, isLittle } = directory;
  if (predictor === 1) return bytes;
  const out = Buffer.from(bytes);
  const size = bits / 8;
  const rowBytes = block.width * stored * size;
  for (let y = 0; y < rows; y++) {
    const row = out.subarray(y * rowBytes, (y + 1) * rowBytes);
    if (predictor === 2) {
      const mask = 2 ** bits;
      for (let at = stored * size; at < rowBytes; at += size) {
        const before = at - stored * size;
        const sum = isLittle
          ? row.readUIntLE(at, size) + row.readUIntLE(before, size)
          : row.readUIntBE(at, size) + row.readUIntBE(before, size);
        if (isLittle) row.writeUIntLE(sum % mask, at, size);
        else row.writeUIntBE(sum % mask, at, size);
      }
    } else if (predictor === 3) undoFloatPredictor(row, size, stored, isLittle);
    else throw new UnknownTiff(`its predictor ${predictor} is not known`);
  }
  return out;
}

/** Differences of bytes, of which the highest ones of a row stand together. */
function undoFloatPredictor(row: Buffer, size: number, stored: number, isLittle: boolean): void {
  for (let at = stored; at < row.length; at++) row[at] = (row[at]! + row[at - stored]!) & 255;
  const planes = Buffer.from(row);
  const samples = row.length / size;
  for (let i = 0; i < samples; i++) {
    for (let byte = 0; byte < size; byte++) {
      row[i * size + (isLittle ? size - 1 - byte : byte)] = planes[byte * samples + i]!;
    }
  }
}
