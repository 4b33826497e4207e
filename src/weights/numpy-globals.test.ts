import { describe, expect, test } from 'vitest';
import { parsePickle } from './pickle.js';
import type { PickleValue } from './pickle-values.js';
import { call, finished, globalName, integer, none, pickle, text, tuple } from './torch-bytes.cases.js';
import { TorchHost } from './torch-globals.js';

const parse = (value: Uint8Array): PickleValue =>
  parsePickle(finished(value), new TorchHost(() => undefined)).value;

const minusOne = integer(-1);
const plainState = (order: string): Buffer =>
  tuple(integer(3), text(order), none, none, none, minusOne, minusOne, integer(0));
const dtype = (name: string, state: Uint8Array = plainState('<')): Buffer =>
  pickle(call('numpy', 'dtype', text(name), pickle(0x89), pickle(0x88)), state, 'b');
const raw = (hex: string): Buffer => pickle('C', hex.length / 2, Buffer.from(hex, 'hex'));
const scalar = (type: Uint8Array, bytes: Uint8Array, module = 'numpy._core.multiarray'): Buffer =>
  call(module, 'scalar', type, bytes);

test.each<[string, Uint8Array, PickleValue]>([
  ['float64', scalar(dtype('f8'), raw('000000000000e03f')), 0.5],
  ['float64 of numpy 1', scalar(dtype('f8'), raw('000000000000e03f'), 'numpy.core.multiarray'), 0.5],
  ['float32', scalar(dtype('f4'), raw('000080be')), -0.25],
  ['int32', scalar(dtype('i4'), raw('f9ffffff')), -7],
  ['int64', scalar(dtype('i8'), raw('fdffffffffffffff')), -3],
  ['int64 beyond 53 bits', scalar(dtype('i8'), raw('0000000000000010')), 2n ** 60n],
  ['true', scalar(dtype('b1', plainState('|')), raw('01')), true],
  ['false', scalar(dtype('b1', plainState('|')), raw('00')), false],
  [
    'bytes as protocol 2 has them',
    scalar(dtype('f4'), call('_codecs', 'encode', text('\0\0\u0080\u003f'), text('latin1'))),
    1,
  ],
])('%s is a plain number', (_, bytes, value) => {
  expect(parse(bytes)).toBe(value);
});

describe('refused', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['objects', dtype('O8'), /numpy type "O8" is not allowed/],
    ['structures', dtype('V8'), /numpy type "V8" is not allowed/],
    ['texts', dtype('U10'), /numpy type "U10" is not allowed/],
    ['dates', dtype('M8'), /numpy type "M8" is not allowed/],
    ['halves', dtype('f2'), /numpy type "f2" is not allowed, only single numbers of type f4, f8, i4, i8, b1/],
    ['complex numbers', dtype('c16'), /numpy type "c16" is not allowed/],
    ['a type that is a name of JavaScript', dtype('__proto__'), /numpy type "__proto__" is not allowed/],
    ['a type without a name', call('numpy', 'dtype', integer(1)), /without a name is not allowed/],
    ['a type of a type', call('numpy', 'dtype', dtype('f8')), /without a name is not allowed/],
    ['big-endian numbers', dtype('f8', plainState('>')), /not little-endian and plain/],
    ['numbers without byte order', dtype('f8', plainState('|')), /not little-endian and plain/],
    [
      'fields',
      dtype('f8', tuple(integer(3), text('<'), none, tuple(text('a')), none, minusOne, minusOne, integer(0))),
      /not little-endian and plain/,
    ],
    [
      'metadata',
      dtype(
        'f8',
        tuple(integer(4), text('<'), none, none, none, minusOne, minusOne, integer(0), pickle('}')),
      ),
      /not little-endian and plain/,
    ],
    ['a dict as attributes', dtype('f8', pickle('}')), /not little-endian and plain/],
    ['too few bytes', scalar(dtype('f8'), raw('0000')), /a number of numpy of type "f8" without its 8 bytes/],
    ['too many bytes', scalar(dtype('f4'), raw('0000000000000000')), /without its 4 bytes/],
    ['text for bytes', scalar(dtype('f4'), text('abcd')), /without its 4 bytes/],
    ['no bytes', call('numpy._core.multiarray', 'scalar', dtype('f4')), /without its 4 bytes/],
    [
      'a type without its byte order',
      scalar(call('numpy', 'dtype', text('f4')), raw('00000000')),
      /without its 4 bytes/,
    ],
    ['a number without a type', scalar(text('f4'), raw('00000000')), /a number of numpy without a type/],
    ['attributes of a number', pickle(scalar(dtype('f4'), raw('00000000')), '}b'), /opcode BUILD/],
    ['attributes of a function', pickle(globalName('numpy', 'dtype'), '}b'), /opcode BUILD/],
    ['a call of a type', pickle(dtype('f4'), tuple(), 'R'), /calls what is no function/],
    [
      'arrays',
      globalName('numpy._core.multiarray', '_reconstruct'),
      /"numpy._core.multiarray._reconstruct" is not allowed/,
    ],
    [
      'arrays of numpy 1',
      globalName('numpy.core.multiarray', '_reconstruct'),
      /_reconstruct" is not allowed/,
    ],
    ['the class of arrays', globalName('numpy', 'ndarray'), /"numpy.ndarray" is not allowed/],
    ['files', globalName('numpy', 'load'), /"numpy.load" is not allowed/],
  ])('%s', (_, bytes, reason) => {
    expect(() => parse(bytes)).toThrow(reason);
  });
});
