import sharp from 'sharp';
import { expect, it } from 'vitest';
import { turned } from './turned.js';

it.each([1, 2, 3, 4, 5, 6, 7, 8])('turns as decoders do for orientation %i', async (orientation) => {
  const data = Uint8Array.from({ length: 6 }, (_, i) => 10 * i);
  const picture = await sharp(data, { raw: { width: 3, height: 2, channels: 1 } })
    .withMetadata({ orientation })
    .tiff({ compression: 'none' })
    .toBuffer();
  const upright = await sharp(picture)
    .autoOrient()
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = upright.info;
  expect(turned({ data, width: 3, height: 2 }, orientation)).toEqual({
    data: new Uint8Array(upright.data),
    width,
    height,
  });
});
