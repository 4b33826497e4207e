/** @file Small data sets and odd image files in temporary folders, for the tests of the data layer. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import { Random } from '../../base/random.js';
import type { Rgb } from '../masks/color-vision.js';

/** A temporary folder that goes when the running test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'otx-data-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files below `root`; an object becomes JSON. */
export async function writeFiles(
  root: string,
  files: Record<string, Uint8Array | string | object>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    const raw = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(path, raw ? content : JSON.stringify(content));
  }
}

export const THREE_CLASSES = { label_map: { '0': 'background', '1': 'car', '2': 'tree' } };

/** PNG of HWC RGB bytes. */
export function rgbPng(rgb: ArrayLike<number>, width: number, height: number): Promise<Buffer> {
  return sharp(Uint8Array.from(rgb), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** RGB noise that survives no compression unchanged, so that truncation hurts. */
export function noise(width: number, height: number, seed: number): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length: 3 * width * height }, () => random.integer(256));
}

/** A JPEG of noise. */
export function noiseJpeg(width: number, height: number, seed = 1): Promise<Buffer> {
  const raw = { width, height, channels: 3 as const };
  return sharp(noise(width, height, seed), { raw })
    .jpeg()
    .toBuffer();
}

export interface PngSpec {
  readonly width: number;
  readonly height: number;
  /** Stored samples, row by row; RGB or gray+alpha interleaved. */
  readonly samples: readonly number[];
  /** 0 gray, 2 RGB, 3 palette, 4 gray+alpha, 6 RGBA. */
  readonly colorType: 0 | 2 | 3 | 4 | 6;
  readonly depth?: 1 | 2 | 4 | 8 | 16;
  readonly palette?: readonly Rgb[];
  /** EXIF orientation 1..8. */
  readonly orientation?: number;
}

/** A PNG of any colour type and depth, which image libraries do not let one choose. */
export function png({ width, height, samples, colorType, depth = 8, palette, orientation }: PngSpec): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, colorType], 8);
  const perRow = samples.length / height;
  const rows = Array.from({ length: height }, (_, y) => {
    const bits = samples.slice(y * perRow, (y + 1) * perRow).map((s) => s.toString(2).padStart(depth, '0'));
    const bytes = bits.join('').match(/.{1,8}/g) ?? [];
    return Buffer.from([0, ...bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))]);
  });
  const exif = Buffer.from('4d4d002a00000008000101120003000000010000000000000000', 'hex');
  if (orientation) exif.writeUInt16BE(orientation, 18);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', head),
    ...(palette ? [chunk('PLTE', Buffer.from(palette.flat()))] : []),
    ...(orientation ? [chunk('eXIf', exif)] : []),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A gray 8-bit PNG mask. */
export function indexMask(values: readonly number[], width: number, height: number): Buffer {
  return png({ width, height, samples: values, colorType: 0 });
}

/** A mask of vertical stripes of the values 0..2. */
export function stripes(width: number, height: number): Buffer {
  const values = Array.from({ length: width * height }, (_, i) => Math.floor((3 * (i % width)) / width));
  return indexMask(values, width, height);
}

/** Writes a sound data set of noise images `a`, `b`, ... and striped masks; gives its root. */
export async function soundDataset(count: number, width = 40, height = 30): Promise<string> {
  const root = await temporaryFolder();
  await writeFiles(root, { 'dataset_meta.json': THREE_CLASSES });
  for (let i = 0; i < count; i++) {
    const name = String.fromCharCode(97 + i);
    await writeFiles(root, {
      [`images/${name}.png`]: await rgbPng(noise(width, height, i), width, height),
      [`masks/${name}.png`]: stripes(width, height),
    });
  }
  return root;
}

/** The error a promise rejects with. @throws when it does not reject. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}

function chunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const out = Buffer.alloc(typed.length + 8);
  out.writeUInt32BE(body.length, 0);
  typed.copy(out, 4);
  out.writeUInt32BE(crc32(typed), typed.length + 4);
  return out;
}
