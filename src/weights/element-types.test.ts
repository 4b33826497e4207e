import { expect, test } from 'vitest';
import { decodeElements } from './element-types.js';

const decode = (type: Parameters<typeof decodeElements>[0], values: ArrayBufferView) => [
  ...decodeElements(type, values.buffer as ArrayBuffer),
];

test.each([
  ['zero', 0x0000, 0],
  ['minus zero', 0x8000, -0],
  ['one', 0x3c00, 1],
  ['minus two', 0xc000, -2],
  ['a third', 0x3555, 0.333251953125],
  ['the largest', 0x7bff, 65504],
  ['the smallest normal', 0x0400, 2 ** -14],
  ['the largest subnormal', 0x03ff, 1023 * 2 ** -24],
  ['a subnormal', 0x0155, 341 * 2 ** -24],
  ['the smallest subnormal', 0x0001, 2 ** -24],
  ['infinity', 0x7c00, Number.POSITIVE_INFINITY],
  ['minus infinity', 0xfc00, Number.NEGATIVE_INFINITY],
  ['not a number', 0x7e00, Number.NaN],
])('half precision: %s', (_, bits, value) => {
  expect(decode('float16', new Uint16Array([bits]))).toEqual([value]);
});

test('half precision: every finite number is what its digits say', () => {
  const bits = Uint16Array.from({ length: 0x7c00 }, (_, i) => i);
  const values = decode('float16', bits);
  const expected = Array.from(bits, (half) => {
    const exponent = half >> 10;
    const fraction = half & 0x3ff;
    return exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  expect(values).toEqual(expected);
});

test('bfloat16 is the upper half of a float32', () => {
  expect(decode('bfloat16', new Uint16Array([0x3f80, 0xc049, 0x0001, 0x7f80, 0]))).toEqual([
    1,
    -3.140625,
    2 ** -133,
    Number.POSITIVE_INFINITY,
    0,
  ]);
});

test('other types keep their values as far as float32 has digits', () => {
  expect(decode('float32', new Float32Array([0.1]))).toEqual([Math.fround(0.1)]);
  expect(decode('float64', new Float64Array([0.1, 1e300]))).toEqual([
    Math.fround(0.1),
    Number.POSITIVE_INFINITY,
  ]);
  expect(decode('int64', new BigInt64Array([-(2n ** 62n)]))).toEqual([-(2n ** 62n)]);
  expect(decode('int32', new Int32Array([-5]))).toEqual([-5]);
  expect(decode('int16', new Int16Array([-6]))).toEqual([-6]);
  expect(decode('int8', new Int8Array([-7]))).toEqual([-7]);
  expect(decode('uint8', new Uint8Array([200]))).toEqual([200]);
  expect(decode('bool', new Uint8Array([0, 1, 2]))).toEqual([0, 1, 1]);
});
