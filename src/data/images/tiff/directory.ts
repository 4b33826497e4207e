/** @file The first directory of a TIFF: how its samples are stored, whatever they mean. */

/** What is needed to find the samples. */
export interface TiffDirectory {
  readonly isLittle: boolean;
  /** As stored. */
  readonly width: number;
  readonly height: number;
  /** Samples of a pixel. */
  readonly bands: number;
  /** Bits of a sample, the same for all. */
  readonly bits: number;
  readonly kind: 'uint' | 'int' | 'float';
  /** 0 and 1 gray, 2 RGB, 3 palette. */
  readonly photometric: number;
  readonly compression: number;
  /** 1 none, 2 differences, 3 differences of floats. */
  readonly predictor: number;
  /** Whether each band is stored apart. */
  readonly isPlanar: boolean;
  /** Size of a tile, or of a strip. */
  readonly block: { readonly width: number; readonly height: number };
  readonly offsets: readonly number[];
  readonly counts: readonly number[];
  /** EXIF orientation. */
  readonly orientation: number;
}

const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8, 13: 4, 18: 8 };
const KINDS = ['uint', 'uint', 'int', 'float'] as const;

/** @returns undefined where it has no directory that can be understood. */
export function readTiffDirectory(bytes: Buffer): TiffDirectory | undefined {
  try {
    return directoryOf(bytes);
  } catch {
    // Offsets that lead out of the file.
    return undefined;
  }
}

function directoryOf(bytes: Buffer): TiffDirectory | undefined {
  const isLittle = bytes[0] === 0x49;
  const uint = (at: number, size: number): number => {
    if (size === 8) return Number(isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return isLittle ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  };
  const isBig = uint(2, 2) === 43;
  const [start, countSize, word] = isBig ? [uint(8, 8), 8, 8] : [uint(4, 4), 2, 4];
  const tags = new Map<number, number[]>();
  const entries = Math.min(uint(start, countSize), 4096);
  for (let i = 0, at = start + countSize; i < entries; i++, at += 4 + 2 * word) {
    const size = SIZES[uint(at + 2, 2)];
    const count = uint(at + 4, word);
    if (size === undefined || count * size > bytes.length) continue;
    const place = count * size <= word ? at + 4 + word : uint(at + 4 + word, word);
    tags.set(
      uint(at, 2),
      Array.from({ length: count }, (_, n) => uint(place + n * size, size)),
    );
  }
  const one = (tag: number, otherwise: number) => tags.get(tag)?.[0] ?? otherwise;
  const [width, height] = [one(256, 0), one(257, 0)];
  const isTiled = tags.has(322);
  const kind = KINDS[one(339, 1)];
  const bits = tags.get(258) ?? [1];
  if (width < 1 || height < 1 || kind === undefined || bits.some((depth) => depth !== bits[0]))
    return undefined;
  return {
    isLittle,
    width,
    height,
    bands: one(277, 1),
    bits: bits[0]!,
    kind,
    photometric: one(262, 1),
    compression: one(259, 1),
    predictor: one(317, 1),
    isPlanar: one(284, 1) === 2,
    block: isTiled
      ? { width: one(322, width), height: one(323, height) }
      : { width, height: Math.min(one(278, height), height) },
    offsets: tags.get(isTiled ? 324 : 273) ?? [],
    counts: tags.get(isTiled ? 325 : 279) ?? [],
    orientation: one(274, 1),
  };
}
