import { expect, test } from 'vitest';
import { toHalf, toHalves } from '../base/half.js';
import { decodeElements } from './element-types.js';
import { halfTensor } from './half.js';

const back = (halves: Uint16Array) => decodeElements('float16', halves.slice().buffer) as Float32Array;

test('every half survives the way there and back', () => {
  const finite = Uint16Array.from(
    Array.from({ length: 65536 }, (_, half) => half).filter((half) => ((half >> 10) & 31) !== 31),
  );
  expect(toHalves(back(finite))).toEqual(finite);
});

test('what lies between two halves goes to the nearer one, a tie to the even one', () => {
  const step = 2 ** -10;
  expect(back(toHalves(Float32Array.of(1 + 0.49 * step, 1 + 0.51 * step)))).toEqual(
    Float32Array.of(1, 1 + step),
  );
  expect(back(toHalves(Float32Array.of(1 + step / 2, 1 + 1.5 * step)))).toEqual(
    Float32Array.of(1, 1 + 2 * step),
  );
  const least = 2 ** -24;
  expect(back(toHalves(Float32Array.of(least / 2, 0.51 * least, 1.5 * least)))).toEqual(
    Float32Array.of(0, least, 2 * least),
  );
});

test.each([
  [65519, 65504],
  [65520, Infinity],
  [-1e9, -Infinity],
  [-0, -0],
])('%s becomes %s', (value, expected) => {
  expect(back(Uint16Array.of(toHalf(value)))[0]).toBe(expected);
});

test('what is no number stays none', () => {
  expect(back(Uint16Array.of(toHalf(Number.NaN)))[0]).toBeNaN();
});

test('a tensor keeps its type where halves would lose it', () => {
  const shape = [1];
  const [small, large] = [Float32Array.of(-65504), Float32Array.of(-65505)];
  expect(halfTensor({ shape, data: small })).toEqual({ dtype: 'F16', shape, data: Uint16Array.of(0xfbff) });
  expect(halfTensor({ shape, data: large })).toEqual({ dtype: 'F32', shape, data: large });
  const data = BigInt64Array.of(3n);
  expect(halfTensor({ shape: [], data })).toEqual({ dtype: 'I64', shape: [], data });
});
