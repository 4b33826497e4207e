/** @file Pictures as text for terminals: half blocks, the graphics of kitty, and sixel. */

import { deflateSync } from 'node:zlib';

/** 8-bit RGB, row by row. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const RESET = '\x1b[0m';

/** Two rows of pixels in a line of text each: the upper one is the colour of the sign, the lower one of what is behind it. */
export function blocksOf({ data, width, height }: Pixels, hasTrueColor: boolean): string[] {
  const colorAt = (x: number, y: number) => {
    const at = 3 * (y * width + x);
    const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
    return hasTrueColor ? `2;${r};${g};${b}` : `5;${16 + 36 * level(r) + 6 * level(g) + level(b)}`;
  };
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = '';
    let before = '';
    for (let x = 0; x < width; x++) {
      const below = y + 1 < height ? `\x1b[48;${colorAt(x, y + 1)}m` : RESET;
      const colors = `${below}\x1b[38;${colorAt(x, y)}m`;
      line += colors === before ? '▀' : `${colors}▀`;
      before = colors;
    }
    lines.push(line + RESET);
  }
  return lines;
}

const LEVELS = 6;
/** Of the six steps of a channel in the palette of 256 colours, and in that of sixel. */
const level = (value: number): number => Math.round((value * (LEVELS - 1)) / 255);

/** Base64 characters that kitty takes at a time. */
const KITTY_PIECE = 4096;

/** @param id of a picture that replaces the last one of that number; 0 for a new one. */
export function kittyOf({ data, width, height }: Pixels, id: number): string {
  const text = deflateSync(data, { level: 1 }).toString('base64');
  const target = id === 0 ? '' : `,i=${id},p=1`;
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += KITTY_PIECE) {
    const isLast = start + KITTY_PIECE >= text.length;
    // Nothing is answered (q), and the cursor stays where it is (C).
    const keys = start === 0 ? `a=T,f=24,o=z,s=${width},v=${height},q=2,C=1${target},` : 'q=2,';
    pieces.push(`\x1b_G${keys}m=${isLast ? 0 : 1};${text.slice(start, start + KITTY_PIECE)}\x1b\\`);
  }
  return pieces.join('');
}

/** Thresholds between two levels, so that a few colours look like many. */
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];
const BAND = 6;

/** In 216 colours. */
export function sixelOf({ data, width, height }: Pixels): string {
  const indices = new Uint8Array(width * height);
  for (let at = 0; at < indices.length; at++) {
    const threshold = (BAYER[4 * (Math.floor(at / width) % 4) + ((at % width) % 4)]! + 0.5) / 16;
    let index = 0;
    for (let channel = 0; channel < 3; channel++) {
      index =
        index * LEVELS + Math.floor((data[3 * at + channel]! * (LEVELS - 1)) / 255 + threshold - 1 / 32);
    }
    indices[at] = index;
  }
  const bands: string[] = [];
  for (let top = 0; top < height; top += BAND) {
    bands.push(bandOf(indices, { top, rows: Math.min(BAND, height - top), width }));
  }
  return `\x1bP0;1q"1;1;${width};${height}${PALETTE}${bands.join('-')}\x1b\\`;
}

/** Channels of sixel go to 100. */
const PALETTE = Array.from({ length: LEVELS ** 3 }, (_, index) => {
  const channels = [Math.floor(index / LEVELS ** 2), Math.floor(index / LEVELS) % LEVELS, index % LEVELS];
  return `#${index};2;${channels.map((value) => (value * 100) / (LEVELS - 1)).join(';')}`;
}).join('');

/** Six rows: for each colour that occurs, which of the six pixels of each column have it. */
function bandOf(
  indices: Uint8Array,
  { top, rows, width }: { readonly top: number; readonly rows: number; readonly width: number },
): string {
  const columns = new Map<number, Uint8Array>();
  for (let row = 0; row < rows; row++) {
    for (let x = 0, at = (top + row) * width; x < width; x++, at++) {
      let bits = columns.get(indices[at]!);
      if (!bits) {
        bits = new Uint8Array(width);
        columns.set(indices[at]!, bits);
      }
      bits[x]! |= 1 << row;
    }
  }
  return [...columns].map(([color, bits]) => `#${color}${runsOf(bits)}`).join('$');
}

/** Of equal columns one and their number. */
function runsOf(bits: Uint8Array): string {
  let text = '';
  for (let start = 0, end = 0; start < bits.length; start = end) {
    while (end < bits.length && bits[end] === bits[start]) end++;
    const sign = String.fromCharCode(63 + bits[start]!);
    text += end - start > 3 ? `!${end - start}${sign}` : sign.repeat(end - start);
  }
  return text;
}
