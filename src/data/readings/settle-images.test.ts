import { describe, expect, it } from 'vitest';
import { parseBands } from './bands.js';
import { settleImages } from './settle-images.js';

const uint = (high: number, bands = 1) => ({ kind: 'uint', bands, low: 0, high, missing: 0 }) as const;

describe('settleImages', () => {
  it('leaves photographs as they are, those of 16 bits too', () => {
    expect(settleImages([undefined, undefined], undefined, undefined).reading).toBeUndefined();
    expect(settleImages([undefined, uint(40000)], undefined, undefined).reading).toBeUndefined();
  });

  it('finds one range for all images', () => {
    expect(settleImages([uint(700), uint(4000)], undefined, undefined).reading).toEqual({ range: [0, 4095] });
    expect(settleImages([uint(100, 4)], { bands: [4] }, undefined).reading).toEqual({
      bands: [4],
      range: [0, 255],
    });
    const float = (low: number, high: number) =>
      ({ kind: 'float', bands: 1, low, high, missing: 0 }) as const;
    const rangeOf = (...images: Parameters<typeof settleImages>[0]) =>
      settleImages(images, undefined, undefined).reading?.range;
    expect(rangeOf(float(0.1, 0.2), float(0, 0.9))).toEqual([0, 1]);
    expect(rangeOf(float(0, 200))).toEqual([0, 255]);
    expect(rangeOf(float(-3, 7), float(0, 9))).toEqual([-3, 9]);
    expect(rangeOf({ kind: 'int', bands: 1, low: -1024, high: 3071, missing: 0 })).toEqual([-1024, 3071]);
  });

  it('says that samples are no numbers', () => {
    const image = { kind: 'float', bands: 1, low: 0, high: 1, missing: 7 } as const;
    expect(settleImages([image], undefined, undefined).notices.join()).toMatch(
      /1 images have .*\(7 in all\)/,
    );
  });

  it('follows the data that was learned from, and says so', () => {
    const settled = settleImages([uint(300)], undefined, { bands: [1], range: [0, 4095] });
    expect(settled.reading).toEqual({ bands: [1], range: [0, 4095] });
    expect(settled.notices.join()).toMatch(/from 0 to 300; 0 to 4095 become 0 to 255, as in the data/);
  });

  it('finds none for kinds that have none together', () => {
    const float = { kind: 'float', bands: 1, low: 0, high: 1, missing: 0 } as const;
    expect(settleImages([float, uint(9)], undefined, undefined).problem).toMatch(/float and unsigned/);
  });
});

describe('parseBands', () => {
  it('takes one or three', () => {
    expect([parseBands('4,3,2'), parseBands(' 1 '), parseBands(undefined)]).toEqual([
      [4, 3, 2],
      [1],
      undefined,
    ]);
  });

  it.each(['', '1,2', '0', '1,2,3,4', 'red', '1.5', '-1', '1,,2'])('refuses "%s"', (text) => {
    expect(() => parseBands(text)).toThrow('expected the number of one band');
  });
});
