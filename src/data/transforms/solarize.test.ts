import { expect, it } from 'vitest';
import { solarize } from './solarize.js';

it('inverts what is 128 or brighter', () => {
  const image = Uint8Array.of(0, 1, 127, 128, 200, 255);
  solarize(image);
  expect([...image]).toEqual([0, 1, 127, 127, 55, 0]);
});
