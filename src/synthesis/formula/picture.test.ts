import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { FORMULA_VERSION, formulaClasses, surfacesAmong } from './classes.js';
import { drawFormulaPicture } from './picture.js';

const CLASSES = 32;
const draw = (key: string, side = 64) => drawFormulaPicture({ side, classes: CLASSES, key });

test('the same key gives the same picture, another one another', () => {
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a').image).not.toEqual(draw('b').image);
  expect(draw('a').mask).not.toEqual(draw('b').mask);
});

test('the version stands for the pixels: whoever changes them changes it', () => {
  const hash = createHash('sha256');
  for (const key of ['a', 'b', 'c', 'd']) {
    const { image, mask } = draw(key);
    hash.update(image).update(mask);
  }
  expect([FORMULA_VERSION, hash.digest('hex').slice(0, 16)]).toEqual([1, 'ee2ea119932d8776']);
});

test('every class is shown sooner or later, and no other', () => {
  const seen = new Set<number>();
  for (let key = 0; key < 150; key++) for (const label of draw(String(key), 48).mask) seen.add(label);
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: CLASSES }, (_, index) => index));
});

test('a picture has colours, light and dark, and more than one class', () => {
  const pictures = Array.from({ length: 20 }, (_, key) => draw(`p${key}`));
  const several = pictures.filter(({ mask }) => new Set(mask).size >= 2);
  expect(several.length).toBeGreaterThan(17);
  for (const { image } of pictures) {
    expect(Math.max(...image) - Math.min(...image)).toBeGreaterThan(60);
  }
});

test('formulas of a class do not depend on how many classes there are, but for its kind', () => {
  expect(formulaClasses(32)[3]!.texture).toEqual(formulaClasses(200)[3]!.texture);
  expect(surfacesAmong(32)).toBe(8);
  expect(formulaClasses(32).map(({ thing }) => thing === undefined)).toEqual(
    Array.from({ length: 32 }, (_, index) => index < 8),
  );
});
