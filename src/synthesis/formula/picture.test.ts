import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { formulaClasses, surfacesAmong } from './classes.js';
import { PICTURE_KINDS, type PictureKind } from './kinds.js';
import { drawFormulaPicture } from './picture.js';

const CLASSES = 32;
const draw = (pictures: PictureKind, key: string, side = 64) =>
  drawFormulaPicture({ side, classes: CLASSES, pictures, key });

test('the versions stand for the pixels: whoever changes them changes the version', () => {
  const digest = (pictures: PictureKind) => {
    const hash = createHash('sha256');
    for (const key of ['a', 'b', 'c', 'd']) {
      const { image, mask } = draw(pictures, key);
      hash.update(image).update(mask);
    }
    return [PICTURE_KINDS[pictures].version, hash.digest('hex').slice(0, 16)];
  };
  expect(digest('surfaces')).toEqual([1, 'ee2ea119932d8776']);
  expect(digest('things')).toEqual([2, 'd04675b51486f794']);
});

for (const kind of ['surfaces', 'things'] as const) {
  test(`${kind}: the same key gives the same picture, another one another`, () => {
    expect(draw(kind, 'a')).toEqual(draw(kind, 'a'));
    expect(draw(kind, 'a').image).not.toEqual(draw(kind, 'b').image);
    expect(draw(kind, 'a').mask).not.toEqual(draw(kind, 'b').mask);
  });

  test(`${kind}: every class is shown sooner or later, and no other`, () => {
    const seen = new Set<number>();
    for (let key = 0; key < 150; key++) for (const label of draw(kind, String(key), 48).mask) seen.add(label);
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: CLASSES }, (_, index) => index));
  });

  test(`${kind}: a picture has colours, light and dark, and more than one class`, () => {
    const pictures = Array.from({ length: 20 }, (_, key) => draw(kind, `p${key}`));
    const several = pictures.filter(({ mask }) => new Set(mask).size >= 2);
    expect(several.length).toBeGreaterThan(17);
    for (const { image } of pictures) {
      expect(Math.max(...image) - Math.min(...image)).toBeGreaterThan(60);
    }
  });
}

test('formulas of a class do not depend on how many classes there are, but for its shape', () => {
  expect(formulaClasses(32, 'surfaces')[3]!.texture).toEqual(formulaClasses(200, 'surfaces')[3]!.texture);
  expect(formulaClasses(32, 'things')).toEqual(formulaClasses(200, 'things').slice(0, 32));
  expect(surfacesAmong(32, 'surfaces')).toBe(8);
  expect(formulaClasses(32, 'surfaces').map(({ thing }) => thing === undefined)).toEqual(
    Array.from({ length: 32 }, (_, index) => index < 8),
  );
});

test('of pictures of things these take the most, and the background the rest', () => {
  const share = (key: number) => {
    const { mask } = draw('things', `p${key}`);
    return mask.filter((label) => label === 0).length / mask.length;
  };
  const shares = Array.from({ length: 40 }, (_, key) => share(key));
  const mean = shares.reduce((a, b) => a + b) / shares.length;
  expect(mean).toBeGreaterThan(0.2);
  expect(mean).toBeLessThan(0.5);
});
