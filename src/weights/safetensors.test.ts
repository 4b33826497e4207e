import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from './safetensors.js';

const tensors = new Map<string, SafeTensor>([
  [
    'conv.weight',
    { dtype: 'F32', shape: [2, 3], data: new Float32Array([1, -2, 3.5, 0, Number.NaN, 1e-40]) },
  ],
  ['bn.num_batches_tracked', { dtype: 'I64', shape: [], data: new BigInt64Array([9007199254740993n]) }],
  ['empty', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
]);

/** A file with the given header text and `bytes` zero bytes of data. */
function file(header: unknown, bytes: number, claimed?: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(claimed ?? json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(bytes)]);
}

const f32 = (shape: unknown, data_offsets: unknown) => ({ dtype: 'F32', shape, data_offsets });

describe('safetensors', () => {
  test('what is written is read back exactly, wherever the bytes lie in memory', () => {
    const encoded = encodeSafetensors({ tensors, metadata: { otx: '{"format":1}' } });
    const shifted = new Uint8Array(encoded.length + 3).subarray(3);
    shifted.set(encoded);
    const decoded = decodeSafetensors(shifted, 'x');
    expect(decoded.metadata).toEqual({ otx: '{"format":1}' });
    expect(new Map(decoded.tensors)).toEqual(tensors);
  });

  test('the layout is that of the format: length, JSON, data at multiples of 8', () => {
    const encoded = encodeSafetensors({ tensors, metadata: {} });
    const length = Number(new DataView(encoded.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(encoded.subarray(8, 8 + length)));
    expect(length % 8).toBe(0);
    expect(header['bn.num_batches_tracked']).toEqual({ dtype: 'I64', shape: [], data_offsets: [0, 8] });
    expect(header['conv.weight']).toEqual({ dtype: 'F32', shape: [2, 3], data_offsets: [8, 32] });
    expect(encoded.length).toBe(8 + length + 32);
  });

  test('a tensor whose data do not fill its shape is not written', () => {
    const wrong = new Map<string, SafeTensor>([
      ['a', { dtype: 'F32', shape: [3], data: new Float32Array(2) }],
    ]);
    expect(() => encodeSafetensors({ tensors: wrong, metadata: {} })).toThrow(
      /tensor a has 2 values but shape \[3\]/,
    );
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /0 bytes, too short/],
    ['seven bytes', new Uint8Array(7), /7 bytes, too short/],
    ['a header longer than the file', file('{}', 0, 1000), /claims 1000 bytes.*truncated/],
    ['an absurd header length', file('{}', 0, 2 ** 62), /claims 4611686018427388000 bytes/],
    ['text', Buffer.from('this is a text file and not a checkpoint'), /truncated or another format/],
    ['a header that is not JSON', file('{"a":', 0), /not JSON/],
    [
      'a header that is not UTF-8',
      file(Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'), 0, 3),
      /not JSON/,
    ],
    ['a header that is a list', file('[]', 0), /not a JSON object/],
    ['an entry that is a number', file({ a: 1 }, 0), /tensor a is not described/],
    ['an unknown type', file({ a: { dtype: 'F8', shape: [1], data_offsets: [0, 1] } }, 1), /type "F8"/],
    [
      'a type of Object',
      file({ a: { dtype: 'toString', shape: [0], data_offsets: [0, 0] } }, 0),
      /"toString"/,
    ],
    [
      'a type that this project does not write',
      file({ a: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } }, 2),
      /tensor a has type float16/,
    ],
    ['a header that nests too deep', file('{"a":{"shape":[[1]]}}', 0), /nests deeper/],
    ['a text with brackets', file('{"\\\\\\"[[[[": 1}', 0), /tensor .*\[\[\[\[ is not described/],
    ['a name with a line break', file({ 'a\nb': 1 }, 0), /tensor a\\nb is not described/],
    ['no type', file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), /type undefined/],
    ['a negative side', file({ a: f32([-1], [0, 4]) }, 4), /no valid shape/],
    ['a fractional side', file({ a: f32([1.5], [0, 6]) }, 6), /no valid shape/],
    ['a side that is text', file({ a: f32(['1'], [0, 4]) }, 4), /no valid shape/],
    ['offsets of one number', file({ a: f32([1], [0]) }, 4), /no valid data_offsets/],
    ['negative offsets', file({ a: f32([1], [-4, 0]) }, 4), /no valid data_offsets/],
    ['offsets that run backwards', file({ a: f32([1], [4, 0]) }, 4), /its offsets give -4/],
    ['a shape larger than its range', file({ a: f32([2], [0, 4]) }, 4), /needs 8 bytes, its offsets give 4/],
    ['a shape whose size overflows', file({ a: f32([2 ** 52, 2 ** 52], [0, 4]) }, 4), /needs .* bytes/],
    ['a range past the end', file({ a: f32([2], [0, 8]) }, 4), /take 8 bytes, 4 are there; truncated/],
    ['bytes that belong to no tensor', file({ a: f32([1], [0, 4]) }, 8), /take 4 bytes, 8 are there/],
    ['overlapping tensors', file({ a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, 8), /tensor b overlaps/],
    ['the same range twice', file({ a: f32([1], [0, 4]), b: f32([1], [0, 4]) }, 4), /overlaps/],
    ['a gap', file({ a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12), /tensor b leaves a gap/],
    ['metadata that are no object', file({ __metadata__: 'x' }, 0), /__metadata__ is not an object/],
    ['metadata that are no text', file({ __metadata__: { a: 1 } }, 0), /metadata a is not text/],
  ])('%s is refused', (_, bytes, reason) => {
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(
      expect.objectContaining({ code: 'checkpoint', message: expect.stringMatching(reason) }),
    );
    expect(() => decodeSafetensors(bytes, 'weights.safetensors')).toThrow(
      /^weights\.safetensors: not a usable/,
    );
  });

  test('every truncation of a good file is refused', () => {
    const encoded = encodeSafetensors({ tensors, metadata: {} });
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeSafetensors(encoded.subarray(0, length), 'x')).toThrow(
        /not a usable safetensors file/,
      );
    }
  });

  test('a tensor named __proto__ is a tensor like any other', () => {
    const { tensors } = decodeSafetensors(
      file('{"__proto__":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', 4),
      'x',
    );
    expect(tensors.get('__proto__')?.data).toEqual(new Float32Array(1));
  });
});
