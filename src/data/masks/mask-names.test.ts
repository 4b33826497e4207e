import { expect, it } from 'vitest';
import { maskNames } from './mask-names.js';

it('maskNames keeps every mask apart from every other', () => {
  expect(maskNames(['a.jpg', 'b.jpg', 'b.png', 'b.png.jpg', 'B.JPEG', 'x/a.tar.jpg'])).toEqual([
    'a.png',
    'b.jpg.png',
    'b.png.png.png',
    'b.png.png',
    'B.JPEG.png',
    'x/a.tar.png',
  ]);
});

it('maskNames knows names that some file systems take for the same, and names without ending', () => {
  expect(maskNames(['a.png', 'a.gif', 'a.png.jpg', 'A.png.png'])).toEqual([
    'a.png.png.png',
    'a.gif.png',
    'a.png.jpg.png',
    'A.png.png.png.png',
  ]);
  const [composed, split] = maskNames(['\u00e9.jpg', 'e\u0301.jpg']) as [string, string];
  expect(composed.normalize('NFC')).not.toBe(split.normalize('NFC'));
  expect(maskNames(['photo', '.hidden', 'x.y/photo'])).toEqual(['photo.png', '.hidden.png', 'x.y/photo.png']);
});
