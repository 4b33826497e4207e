import { describe, expect, test } from 'vitest';
import { parsePickle } from './pickle.js';
import type { PickleHost } from './pickle-machine.js';
import { Callable, type PickleValue, Tuple } from './pickle-values.js';
import {
  call,
  dict,
  finished,
  globalName,
  integer,
  list,
  orderedDict,
  pickle,
  text,
  tuple,
  u32,
  u64,
} from './torch-bytes.cases.js';
import { TorchHost } from './torch-globals.js';
import { Unusable } from './unusable.js';

const host = new TorchHost(() => undefined);
const parse = (...parts: readonly (string | number | Uint8Array)[]): PickleValue =>
  parsePickle(pickle(...parts), host).value;
const refusal = (bytes: Buffer): string => {
  try {
    parsePickle(bytes, host);
  } catch (error) {
    expect(error).toBeInstanceOf(Unusable);
    return (error as Error).message;
  }
  throw new Error('was not refused');
};

describe('values', () => {
  test.each<[string, Buffer, PickleValue]>([
    ['None', pickle('N.'), null],
    ['True', pickle(0x88, '.'), true],
    ['False', pickle(0x89, '.'), false],
    ['True of protocol 0', pickle('I01\n.'), true],
    ['False of protocol 0', pickle('I00\n.'), false],
    ['a number of protocol 0', pickle('I-12\n.'), -12],
    ['a long of protocol 0', pickle('L12345678901234567890L\n.'), 12345678901234567890n],
    ['BININT', pickle('J', 0xfe, 0xff, 0xff, 0xff, '.'), -2],
    ['BININT1', pickle('K', 255, '.'), 255],
    ['BININT2', pickle('M', 1, 2, '.'), 513],
    ['LONG1 of no bytes', pickle(0x8a, 0, '.'), 0],
    ['LONG1', pickle(0x8a, 1, 0x80, '.'), -128],
    ['LONG1 beyond 53 bits', pickle(integer(2n ** 60n), '.'), 2n ** 60n],
    ['LONG4', pickle(0x8b, u32(3), 1, 0, 0, '.'), 1],
    ['BINFLOAT', pickle('G', Buffer.from('3ff8000000000000', 'hex'), '.'), 1.5],
    ['BINUNICODE', pickle(text('añ'), '.'), 'añ'],
    ['SHORT_BINUNICODE', pickle(0x8c, 2, 'ab', '.'), 'ab'],
    ['BINUNICODE8', pickle(0x8d, u64(2n), 'ab', '.'), 'ab'],
    ['BINSTRING', pickle('T', u32(2), 'ab', '.'), 'ab'],
    ['SHORT_BINSTRING', pickle('U', 2, 'ab', '.'), 'ab'],
    ['BINBYTES', pickle('B', u32(2), 1, 2, '.'), new Uint8Array([1, 2])],
    ['SHORT_BINBYTES', pickle('C', 2, 1, 2, '.'), new Uint8Array([1, 2])],
    ['BINBYTES8', pickle(0x8e, u64(1n), 7, '.'), new Uint8Array([7])],
    ['a tuple', pickle(tuple(integer(1), integer(2)), '.'), new Tuple([1, 2])],
    [
      'tuples by size',
      pickle('K', 1, 'K', 2, 'K', 3, 0x87, 0x85, 'N', 0x86, '.'),
      new Tuple([new Tuple([new Tuple([1, 2, 3])]), null]),
    ],
    ['a list by APPEND', pickle(']K', 1, 'a.'), [1]],
    ['a list by APPENDS', pickle(list(integer(1), text('x')), '.'), [1, 'x']],
    ['a dict by SETITEM', pickle('}K', 1, 'Ns.'), new Map([[1, null]])],
    ['a dict by SETITEMS', pickle(dict(['a', integer(1)]), '.'), new Map([['a', 1]])],
    ['a set of protocol 4', pickle(0x8f, '(K', 1, 0x90, '.'), new Set([1])],
    ['a set of protocol 2', pickle(call('__builtin__', 'set', list(integer(1))), '.'), new Set([1])],
    [
      'bytes of protocol 2',
      pickle(call('_codecs', 'encode', text('é'), text('latin1')), '.'),
      new Uint8Array([0xe9]),
    ],
    [
      'an OrderedDict',
      pickle(orderedDict(['b', integer(1)], ['a', integer(2)]), '.'),
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
    ],
    [
      'an OrderedDict of Python 2',
      pickle(call('collections', 'OrderedDict', list(list(text('a'), integer(2)))), '.'),
      new Map([['a', 2]]),
    ],
    ['torch.Size', pickle(call('torch', 'Size', tuple(integer(4))), '.'), new Tuple([4])],
    ['a value thrown away', pickle('NK', 1, '0.'), null],
    ['values thrown away down to a mark', pickle('N(K', 1, 'K', 2, '1.'), null],
    ['a mark thrown away', pickle('N(0.'), null],
    ['memory of one byte', pickle(']q', 7, 'h', 7, '0.'), []],
    ['memory of four bytes', pickle(']r', u32(70_000), 'j', u32(70_000), '0.'), []],
    ['memory in order', pickle('N', 0x94, 0x88, 0x94, '0h', 1, '0.'), null],
    ['a protocol and a frame', pickle(0x80, 4, 0x95, u64(2n), 'N.'), null],
  ])('%s', (_, bytes, value) => {
    expect(parsePickle(bytes, host)).toEqual({ value, end: bytes.length });
  });

  test('a global of protocol 4 is the same as one of protocol 0', () => {
    const modern = parse(text('collections'), text('OrderedDict'), 0x93, '.');
    expect(modern).toBeInstanceOf(Callable);
    expect(modern).toBe(parse(globalName('collections', 'OrderedDict'), '.'));
  });

  test('attributes of a state dict are dropped', () => {
    const metadata = dict(['_metadata', dict(['', dict(['version', integer(1)])])]);
    expect(parse(orderedDict(['a', integer(1)]), metadata, 'b.')).toEqual(new Map([['a', 1]]));
  });

  test('what follows a pickle is left alone', () => {
    expect(parsePickle(pickle('K', 1, '.K', 2, '.'), host, 3)).toEqual({ value: 2, end: 6 });
    expect(parsePickle(pickle('K', 1, '.garbage'), host)).toEqual({ value: 1, end: 3 });
  });

  test('a key named __proto__ is a key like any other', () => {
    const value = parse(dict(['__proto__', dict(['x', integer(1)])]), '.');
    expect(value).toEqual(new Map([['__proto__', new Map([['x', 1]])]]));
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('refused', () => {
  /** What torch.save has never written, or what calls. */
  const opcodes: Readonly<Record<string, number>> = {
    DUP: 0x32,
    FLOAT: 0x46,
    PERSID: 0x50,
    STRING: 0x53,
    UNICODE: 0x56,
    DICT: 0x64,
    GET: 0x67,
    INST: 0x69,
    LIST: 0x6c,
    OBJ: 0x6f,
    PUT: 0x70,
    NEWOBJ: 0x81,
    EXT1: 0x82,
    EXT2: 0x83,
    EXT4: 0x84,
    FROZENSET: 0x91,
    NEWOBJ_EX: 0x92,
    BYTEARRAY8: 0x96,
    NEXT_BUFFER: 0x97,
    READONLY_BUFFER: 0x98,
  };

  test.each(Object.entries(opcodes))('opcode %s', (name, code) => {
    expect(refusal(pickle('N', code, 'os\nsystem\n.'))).toBe(
      `pickle opcode ${name} at byte 1 is not allowed; weights never need it`,
    );
  });

  test('nothing but a refusal comes of any byte after any beginning, without an end', () => {
    const stop = 0x2e;
    for (let code = 0; code < 256; code++) {
      if (code === stop) continue;
      for (const before of ['', 'N', '(N', '}N', '}(N', ']', ')', 'cos\nsystem\n)']) {
        expect(() => parsePickle(pickle(before, code), host), `${code} after ${before}`).toThrow(Unusable);
      }
    }
  });
});

const unknown: PickleHost = {
  global: () => undefined,
  persistent: () => null,
};

test('without a host no global has a meaning', () => {
  expect(() => parsePickle(finished(call('collections', 'OrderedDict')), unknown)).toThrow(
    /global "collections.OrderedDict" is not allowed/,
  );
});
