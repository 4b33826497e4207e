import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { blocksOf, kittyOf, type Pixels, sixelOf } from './encodings.js';

const pixels = (width: number, height: number, color: (x: number, y: number) => number[]): Pixels => ({
  data: Uint8Array.from(
    Array.from({ length: width * height }, (_, at) => color(at % width, Math.floor(at / width))).flat(),
  ),
  width,
  height,
});

describe('half blocks', () => {
  test('two rows are one line, the upper one in front', () => {
    const picture = pixels(2, 2, (_, y) => (y === 0 ? [255, 0, 0] : [0, 0, 255]));
    expect(blocksOf(picture, true)).toEqual(['\x1b[48;2;0;0;255m\x1b[38;2;255;0;0m▀▀\x1b[0m']);
    expect(blocksOf(picture, false)).toEqual(['\x1b[48;5;21m\x1b[38;5;196m▀▀\x1b[0m']);
  });

  test('below an odd last row there is nothing', () => {
    expect(
      blocksOf(
        pixels(1, 3, () => [0, 255, 0]),
        false,
      ),
    ).toEqual(['\x1b[48;5;46m\x1b[38;5;46m▀\x1b[0m', '\x1b[0m\x1b[38;5;46m▀\x1b[0m']);
  });
});

describe('kitty', () => {
  // Noise, so that it takes several pieces.
  const picture = pixels(90, 70, (x, y) => [
    (x * 7919 + y * 104729) % 251,
    (x * y * 31) % 253,
    (x ^ (y * 57)) % 255,
  ]);

  test('the pieces together are the pixels', () => {
    const text = kittyOf(picture, 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for is made of them
    const pieces = [...text.matchAll(/\x1b_G([^;]*);([^\x1b]*)\x1b\\/g)];
    expect(pieces.map(([whole]) => whole).join('')).toBe(text);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces[0]![1]).toBe('a=T,f=24,o=z,s=90,v=70,q=2,C=1,i=1,p=1,m=1');
    expect(pieces.at(-1)![1]).toBe('q=2,m=0');
    expect(pieces.every(([, , part]) => part!.length <= 4096)).toBe(true);
    const bytes = inflateSync(Buffer.from(pieces.map(([, , part]) => part).join(''), 'base64'));
    expect(Buffer.compare(bytes, Buffer.from(picture.data))).toBe(0);
  });

  test('a picture without a number replaces none', () => {
    expect(kittyOf(picture, 0).startsWith('\x1b_Ga=T,f=24,o=z,s=90,v=70,q=2,C=1,m=1;')).toBe(true);
  });
});

/** Draws sixel: the colour of each pixel, 0 to 100. */
function drawn(text: string): Map<string, string> {
  expect(text.startsWith('\x1bP0;1q"1;1;') && text.endsWith('\x1b\\')).toBe(true);
  const body = text.slice(text.indexOf('#'), -2);
  const colors = new Map<string, string>();
  const found = new Map<string, string>();
  let [x, top, color] = [0, 0, ''];
  for (const [word] of body.matchAll(/#\d+(;2;[\d;]+)?|!\d+[?-~]|[?-~]|\$|-/g)) {
    if (word === '$') x = 0;
    else if (word === '-') [x, top] = [0, top + 6];
    else if (word.startsWith('#')) {
      const [number = '', ...parts] = word.slice(1).split(';');
      if (parts.length > 0) colors.set(number, parts.slice(1).join());
      else color = colors.get(number)!;
    } else {
      const times = word.startsWith('!') ? Number.parseInt(word.slice(1), 10) : 1;
      const bits = word.charCodeAt(word.length - 1) - 63;
      for (let end = x + times; x < end; x++) {
        for (let row = 0; row < 6; row++) if (bits & (1 << row)) found.set(`${x},${top + row}`, color);
      }
    }
  }
  return found;
}

test('sixel draws every pixel once, in the nearest colours that there are', () => {
  const picture = pixels(11, 9, (x, y) => [x < 5 ? 255 : 0, y < 7 ? 0 : 102, 255]);
  const found = drawn(sixelOf(picture));
  expect(found.size).toBe(99);
  for (const [place, color] of found) {
    const [x, y] = place.split(',').map(Number) as [number, number];
    expect(color, place).toBe(`${x < 5 ? 100 : 0},${y < 7 ? 0 : 40},100`);
  }
});

test('shades between two colours of sixel are mixed of both', () => {
  const shades = [...drawn(sixelOf(pixels(8, 8, () => [127, 127, 127]))).values()];
  expect(new Set(shades)).toEqual(new Set(['40,40,40', '60,60,60']));
  expect(shades.filter((shade) => shade === '60,60,60').length).toBeGreaterThan(20);
  expect(shades.filter((shade) => shade === '40,40,40').length).toBeGreaterThan(20);
});
