/**
 * @file Weight files made to do harm: to run something, to take all memory or time, to read what is not theirs. Each is
 * refused for its own reason, in one line, at once, and leaves no trace.
 */
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OtxError } from '../../src/base/errors.js';
import { Random } from '../../src/base/random.js';
import { readWeights } from '../../src/weights/index.js';
import {
  call,
  dict,
  type EntryCase,
  finished,
  globalName,
  integer,
  LEGACY_MAGIC,
  list,
  none,
  orderedDict,
  pickle,
  storage,
  type TensorCase,
  tensor,
  text,
  torchEntries,
  torchLegacy,
  torchZip,
  tuple,
  u32,
  u64,
  zipBytes,
} from '../../src/weights/torch-bytes.cases.js';

const MAX_MILLISECONDS = 1000;
const MAX_MEMORY_KILOBYTES = 200 * 1024;

/** Where a file that is executed would leave its mark. */
const TRACE = 'executed';
let folder: string;
/** Kilobytes. */
let peakBefore: number;
beforeAll(async () => {
  peakBefore = process.resourceUsage().maxRSS;
  folder = await mkdtemp(join(tmpdir(), 'otx-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Hostile = readonly [name: string, bytes: () => Uint8Array, reason: RegExp];

/** A file whose state dict has `value` beside a good tensor. */
const beside = (value: Uint8Array): Buffer => torchZip(dict(['a', tensor()], ['evil', value]));
const withTensor = (options: TensorCase): Buffer => torchZip(dict(['a', tensor(options)]));
const legacyWith = (options: TensorCase): Buffer =>
  torchLegacy(dict(['a', tensor({ legacy: true, ...options })]));
const command = text(`touch ${TRACE}`);
const repeat = (part: Uint8Array | string, times: number): Buffer => Buffer.alloc(part.length * times, part);

const calls: Hostile[] = [
  ...(
    [
      ['os', 'system'],
      ['posix', 'system'],
      ['nt', 'system'],
      ['subprocess', 'Popen'],
      ['builtins', 'eval'],
      ['builtins', 'exec'],
      ['builtins', 'getattr'],
      ['builtins', '__import__'],
      ['__builtin__', 'eval'],
      ['builtins', 'open'],
      ['runpy', '_run_code'],
      ['pickle', 'loads'],
      ['torch', 'load'],
      ['torch.hub', 'load'],
      ['torch._utils', '_rebuild_tensor_v2.__globals__'],
      ['torch.storage', '_load_from_bytes'],
      ['numpy.core.multiarray', '_reconstruct'],
      ['collections', 'OrderedDict.fromkeys'],
      ['toString', 'constructor'],
      ['__proto__', 'polluted'],
      ['torch.nn.modules.linear', 'Linear'],
    ] as const
  ).map(
    ([module, name]): Hostile => [
      `REDUCE of ${module}.${name}`,
      () => beside(call(module, name, command)),
      new RegExp(`global "${module}\\.${name.replaceAll('.', '\\.')}" is not allowed`),
    ],
  ),
  [
    'STACK_GLOBAL of os.system',
    () => beside(pickle(text('os'), text('system'), 0x93, tuple(command), 'R')),
    /global "os\.system" is not allowed/,
  ],
  [
    'STACK_GLOBAL of numbers',
    () => beside(pickle(integer(1), integer(2), 0x93)),
    /names a global by what is no text/,
  ],
  [
    'a global that is never called',
    () => beside(globalName('os', 'system')),
    /global "os\.system" is not allowed/,
  ],
  [
    'a global with a line break and colours',
    () => beside(pickle(text('os\n\u001b[31m'), text('x'), 0x93)),
    /"os\\n\\u001b\[31m\.x"/,
  ],
  ['a global without end', () => beside(pickle('c', repeat('x', 5000))), /a line at byte \d+ without end/],
  ['INST', () => beside(pickle('(', command, 'ios\nsystem\n')), /opcode INST/],
  ['OBJ', () => beside(pickle('(', globalName('collections', 'OrderedDict'), 'o')), /opcode OBJ/],
  ['NEWOBJ', () => beside(pickle(globalName('collections', 'OrderedDict'), ')', 0x81)), /opcode NEWOBJ /],
  [
    'NEWOBJ_EX',
    () => beside(pickle(globalName('collections', 'OrderedDict'), ')}', 0x92)),
    /opcode NEWOBJ_EX/,
  ],
  ['EXT1', () => beside(pickle(0x82, 1)), /opcode EXT1/],
  ['EXT2', () => beside(pickle(0x83, 1, 0)), /opcode EXT2/],
  ['EXT4', () => beside(pickle(0x84, u32(1))), /opcode EXT4/],
  ['PERSID', () => beside(pickle('Pstorage\n')), /opcode PERSID/],
  ['NEXT_BUFFER', () => beside(pickle(0x97)), /opcode NEXT_BUFFER/],
  ['BYTEARRAY8', () => beside(pickle(0x96, u64(2n ** 40n))), /opcode BYTEARRAY8/],
  ['a byte that is no opcode', () => beside(pickle(0xff)), /opcode 0xff/],
  [
    'BUILD with a state on a tensor',
    () => beside(pickle(tensor(), dict(['__class__', command]), 'b')),
    /opcode BUILD/,
  ],
  [
    'BUILD with a state on a list',
    () => beside(pickle(list(), dict(['__setstate__', command]), 'b')),
    /opcode BUILD/,
  ],
  [
    'BUILD on a global',
    () => beside(pickle(globalName('torch', 'Size'), dict(['__call__', command]), 'b')),
    /opcode BUILD/,
  ],
  ['BUILD with slots', () => beside(pickle(orderedDict(), tuple(none, dict()), 'b')), /opcode BUILD/],
  [
    'REDUCE of a text',
    () => beside(pickle(text('os.system'), tuple(command), 'R')),
    /calls what is no function/,
  ],
  ['REDUCE of a type', () => beside(call('torch', 'FloatStorage', integer(1))), /calls what is no function/],
  [
    'REDUCE without a tuple',
    () => beside(pickle(globalName('torch', 'Size'), list(), 'R')),
    /without arguments/,
  ],
  [
    'encode with a codec that unpacks',
    () => beside(call('_codecs', 'encode', text('x'), text('zip'))),
    /_codecs\.encode for something else/,
  ],
];

const bombs: Hostile[] = [
  [
    'lists in lists',
    () => beside(pickle(repeat(']', 5000), repeat('a', 4999))),
    /nests more than 64 containers/,
  ],
  [
    'tuples in tuples',
    () => beside(pickle(')', repeat(Buffer.from([0x85]), 3_000_000))),
    /nests more than 64 containers/,
  ],
  ['marks in marks', () => beside(repeat('(', 3_000_000)), /nests more than 128 marks/],
  ['a list in itself', () => beside(pickle(']q', 0, 'h', 0, 'a')), /contains itself/],
  [
    'lists in each other',
    () => beside(pickle(']q', 0, ']q', 1, repeat(pickle('h', 0, 'h', 1, 'a0h', 1, 'h', 0, 'a0'), 100))),
    /nests more than 64 containers/,
  ],
  ['a dict that holds itself', () => beside(pickle('}q', 0, 'Nh', 0, 's')), /contains itself/],
  [
    'a billion laughs',
    () =>
      beside(
        pickle(
          ']q',
          0,
          ...Array.from({ length: 80 }, (_, i) =>
            pickle('0](', ...Array(10).fill(pickle('h', i)), 'eq', i + 1),
          ),
        ),
      ),
    /nests more than 64 containers/,
  ],
  [
    'millions of dicts',
    () => beside(pickle('(', repeat('}', 190_000), 't')),
    /builds more than 1000000 values/,
  ],
  ['millions of lists', () => beside(repeat('](]]]]]]]]]]e0', 250_000)), /builds more than 1000000 values/],
  ['millions of values on the stack', () => beside(repeat('N', 3_900_000)), /stacks more than 200000 values/],
  [
    'a long list filled over and over',
    () => beside(pickle(']', repeat('(NNNNNNNNNNNNNNNe', 200_000))),
    /builds more than 1000000 values/,
  ],
  [
    'one list copied over and over',
    () =>
      beside(
        pickle(
          list(...Array(1000).fill(none)),
          'q',
          0,
          '0',
          globalName('builtins', 'set'),
          'q',
          1,
          '0',
          repeat(pickle('h', 1, 'h', 0, 0x85, 'R0'), 100_000),
        ),
      ),
    /builds more than 1000000 values/,
  ],
  ['memory far out', () => beside(pickle('Nr', u32(0xffffffff))), /memo has an entry 4294967295/],
  [
    'memory without end',
    () => beside(pickle('N', repeat(Buffer.from([0x94]), 3_900_000))),
    /memo has an entry|builds more than/,
  ],
  ['memory that is not there', () => beside(pickle('j', u32(77))), /memo has no entry 77/],
  ['memory of the stack below', () => beside(pickle('(q', 0)), /takes from an empty stack/],
  ['an integer of 2 GB', () => beside(pickle(0x8b, u32(0x7fffffff), 1)), /an integer of 2147483647 bytes/],
  ['an integer of -1 bytes', () => beside(pickle(0x8b, u32(0xffffffff))), /an integer of 4294967295 bytes/],
  [
    'an integer of a megabyte',
    () => beside(pickle(0x8b, u32(1_000_000), Buffer.alloc(1_000_000, 0x7f))),
    /an integer of 1000000 bytes/,
  ],
  [
    'a number of many digits',
    () => beside(pickle('L', repeat('9', 100_000), 'L\n')),
    /a line at byte \d+ without end/,
  ],
  ['a number that is none', () => beside(pickle('I0x10; import os\n')), /a number "0x10; import os"/],
  ['a text of 4 GB', () => beside(pickle('X', u32(0xffffffff), 'x')), /a text of 4294967295 bytes/],
  ['a text of an exabyte', () => beside(pickle(0x8d, u64(2n ** 60n))), /a text of 1152921504606\d+ bytes/],
  [
    'a text longer than the file',
    () => beside(pickle('X', u32(100_000), 'x')),
    /ends in a text of 100000 bytes/,
  ],
  ['a text of 3 MB', () => beside(text('x'.repeat(3_000_000))), /a text of 3000000 bytes/],
  ['bytes of an exabyte', () => beside(pickle(0x8e, u64(2n ** 60n))), /a byte string of \d+ bytes/],
  ['a text that is not UTF-8', () => beside(pickle('X', u32(2), 0xc3, 0x28)), /not UTF-8/],
  ['a frame of an exabyte', () => beside(pickle(0x95, u64(2n ** 60n))), /a pickle frame of/],
  ['a protocol of the future', () => beside(pickle(0x80, 9)), /pickle protocol 9/],
  [
    'a pickle too long to be a description',
    () => torchZip(repeat('N0', 2_500_000)),
    /data\.pkl has 50000\d\d bytes/,
  ],
  ['an empty pickle', () => zipBytes([{ name: 'a/data.pkl' }]), /ends in an opcode/],
  ['a pickle without a value', () => zipBytes([{ name: 'a/data.pkl', bytes: pickle('.') }]), /empty stack/],
  ['two pickles', () => zipBytes([{ name: 'a/data.pkl', bytes: pickle('N.N.') }]), /goes on for 2 bytes/],
  [
    'values left over',
    () => zipBytes([{ name: 'a/data.pkl', bytes: pickle('NN.') }]),
    /leaves values on the stack/,
  ],
];

const tensors: Hostile[] = [
  ['a storage of negative size', () => withTensor({ count: -6 }), /without a valid key and size/],
  ['a storage of 2^62 values', () => withTensor({ count: 2n ** 62n }), /without a valid key and size/],
  [
    'a storage of a terabyte',
    () => withTensor({ count: 2 ** 38 }),
    /needs 1099511627776 bytes, the file has 24/,
  ],
  ['a storage that is not there', () => withTensor({ key: '7' }), /storage "7" .* has none for it/],
  [
    'a storage whose name leads elsewhere',
    () => withTensor({ key: '../data.pkl' }),
    /storage "\.\.\/data\.pkl" .* has none/,
  ],
  [
    'a storage described in two ways',
    () => torchZip(dict(['a', tensor()], ['b', tensor({ storageType: 'IntStorage' })])),
    /storage "0" in two ways/,
  ],
  [
    'a storage of unknown type',
    () => withTensor({ storageType: 'QInt8Storage' }),
    /global "torch\.QInt8Storage"/,
  ],
  [
    'a storage type that is a text',
    () =>
      beside(pickle(tuple(text('storage'), text('FloatStorage'), text('0'), text('cpu'), integer(6)), 'Q')),
    /storage of unknown type/,
  ],
  ['a persistent id that is no tuple', () => beside(pickle(text('0'), 'Q')), /something else than a storage/],
  [
    'a persistent id of a module',
    () => beside(pickle(tuple(text('module'), text('os')), 'Q')),
    /something else than a storage/,
  ],
  [
    'a key that is a number',
    () =>
      beside(
        pickle(
          tuple(text('storage'), globalName('torch', 'FloatStorage'), integer(0), text('cpu'), integer(6)),
          'Q',
        ),
      ),
    /without a valid key/,
  ],
  [
    'an offset before the storage',
    () => withTensor({ offset: -1 }),
    /at -1 lies outside its storage of 6 values/,
  ],
  ['an offset behind the storage', () => withTensor({ offset: 1 }), /at 1 lies outside/],
  ['an offset of 2^62', () => withTensor({ offset: 2n ** 62n }), /lies outside/],
  ['a shape larger than the storage', () => withTensor({ shape: [3, 3] }), /shape \[3,3\].* lies outside/],
  ['a negative shape', () => withTensor({ shape: [-2, -3] }), /without a valid shape/],
  [
    'a shape whose product overflows',
    () => withTensor({ shape: [2 ** 32, 2 ** 32], strides: [0, 0] }),
    /a tensor of shape/,
  ],
  ['a shape of bigints', () => withTensor({ shape: [2n ** 60n] }), /without a valid shape/],
  ['a shape with too few strides', () => withTensor({ strides: [1] }), /with strides \[1\]/],
  ['a stride out of the storage', () => withTensor({ strides: [4, 1] }), /lies outside/],
  ['a negative stride', () => withTensor({ strides: [-3, 1] }), /without a valid shape and strides/],
  ['a stride of 2^50', () => withTensor({ strides: [2 ** 50, 1] }), /lies outside/],
  [
    'a value repeated a billion times',
    () => withTensor({ shape: [1e9], strides: [0] }),
    /expands to 1000000000 values/,
  ],
  [
    'a thousand tensors of a million repeats',
    () =>
      torchZip(
        dict(
          ...Array.from(
            { length: 1000 },
            (_, i) => [`t${i}`, tensor({ shape: [1000, 1000], strides: [0, 0] })] as const,
          ),
        ),
      ),
    /expands to \d+ values/,
  ],
  [
    'a tensor of a hundred axes',
    () => withTensor({ shape: Array(100).fill(1), strides: Array(100).fill(1) }),
    /a tensor of 100 axes/,
  ],
  [
    'a tensor without a storage',
    () => beside(call('torch._utils', '_rebuild_tensor_v2', none, integer(0), tuple(), tuple())),
    /without a storage/,
  ],
  [
    'a parameter without a tensor',
    () => beside(call('torch._utils', '_rebuild_parameter', text('x'))),
    /parameter without a tensor/,
  ],
  [
    'an OrderedDict of no pairs',
    () => beside(call('collections', 'OrderedDict', list(integer(1)))),
    /something else than pairs/,
  ],
  ['no state dict', () => torchZip(dict(['epoch', integer(3)])), /no tensors in it/],
  ['no dict', () => torchZip(integer(5)), /holds no dict/],
  ['a name that is a number', () => torchZip(pickle('}', integer(1), tensor(), 's')), /no text as its name/],
  [
    'two names that become one',
    () => torchZip(dict(['backbone.mlp.dwconv.dwconv.w', tensor()], ['backbone.mlp.dwconv.w', tensor()])),
    /two of its tensors/,
  ],
];

const good = (): EntryCase[] => torchEntries(dict(['a', tensor()]));
/** A good file with entry `index` changed. */
const changed = (index: number, change: Partial<EntryCase>): Buffer =>
  zipBytes(good().map((entry, i) => (i === index ? { ...entry, ...change } : entry)));
const added = (entry: EntryCase): Buffer => zipBytes([...good(), entry]);
const zeros = deflateRawSync(Buffer.alloc(50_000_000));
const zip64Field = (...values: bigint[]): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(1, 0);
  head.writeUInt16LE(8 * values.length, 2);
  return Buffer.concat([head, ...values.map(u64)]);
};

/** The last bit of an entry is changed after its checksum was written. */
function turned(entries: readonly EntryCase[], index: number): Buffer {
  const file = zipBytes(entries);
  const bytes = entries[index]!.bytes!;
  const at = file.indexOf(bytes) + bytes.length - 1;
  file[at] = file[at]! ^ 1;
  return file;
}

const zips: Hostile[] = [
  ['an entry outside', () => added({ name: '../evil' }), /the name "\.\.\/evil"/],
  ['an entry outside, further in', () => added({ name: 'archive/../../evil' }), /not that of a file inside/],
  ['an absolute entry', () => added({ name: '/etc/passwd' }), /the name "\/etc\/passwd"/],
  ['an entry on a drive', () => added({ name: 'C:/evil' }), /the name "C:\/evil"/],
  ['an entry with backslashes', () => added({ name: 'archive\\..\\evil' }), /not that of a file inside/],
  [
    'an entry with a zero in its name',
    () => added({ name: 'archive/a\0b' }),
    /the name "archive\/a\\u0000b"/,
  ],
  ['an entry that is not UTF-8', () => added({ name: 'archive/\xff' }), /name that is not UTF-8/],
  ['an entry without a name', () => added({ name: '' }), /not that of a file inside/],
  ['a folder', () => added({ name: 'archive/data/' }), /not that of a file inside/],
  [
    'a symbolic link',
    () => added({ name: 'archive/link', bytes: Buffer.from('/etc/passwd'), host: 3, mode: 0o120777 }),
    /a link or a special file/,
  ],
  ['a device', () => added({ name: 'archive/null', host: 3, mode: 0o020666 }), /a link or a special file/],
  [
    'an entry twice',
    () => added({ name: 'archive/data.pkl', bytes: finished(none) }),
    /"archive\/data\.pkl" is there twice/,
  ],
  ['two folders', () => added({ name: 'other/data.pkl', bytes: finished(none) }), /without a single folder/],
  ['no folder', () => zipBytes([{ name: 'data.pkl', bytes: finished(none) }]), /without a single folder/],
  ['no pickle', () => zipBytes([{ name: 'archive/hello.txt' }]), /without data\.pkl/],
  [
    'a program of TorchScript',
    () => added({ name: 'archive/constants.pkl', method: 8, packed: 5 }),
    /TorchScript program/,
  ],
  ['big-endian values', () => changed(1, { bytes: Buffer.from('big') }), /byte order is "big"/],
  [
    'zeros by the million',
    () => changed(2, { bytes: zeros, method: 8, size: 50_000_000, packed: zeros.length }),
    /is compressed \(method 8\)/,
  ],
  [
    'a compressed pickle of zeros',
    () => changed(0, { bytes: zeros, method: 8, size: 50_000_000, packed: zeros.length }),
    /is compressed/,
  ],
  [
    'a compression in the entry alone',
    () => {
      const bytes = zipBytes(good());
      bytes.writeUInt16LE(8, 8);
      return bytes;
    },
    /differs from what the table/,
  ],
  ['an unknown compression', () => changed(2, { method: 99 }), /method 99/],
  ['an encrypted entry', () => changed(0, { flags: 0x801 }), /is encrypted/],
  ['strange flags', () => changed(0, { flags: 0x2000 }), /unknown flags/],
  ['two sizes', () => changed(2, { packed: 4 }), /has two sizes, 4 and 24/],
  ['another size in the entry', () => changed(2, { localSize: 1000 }), /differs from what the table/],
  [
    'another name in the entry',
    () => changed(0, { localName: 'archive/data.pkX' }),
    /differs from what the table/,
  ],
  ['a size beyond the file', () => changed(2, { size: 0x7fffffff }), /reaches into the table of contents/],
  ['a size into the next entry', () => changed(2, { size: 30 }), /overlaps another entry/],
  [
    'a position beyond the file',
    () => changed(2, { offset: 0x7fffffff }),
    /68 bytes before "archive\/version" belong to no entry/,
  ],
  [
    'two entries at one place',
    () => changed(2, { offset: 0 }),
    /overlaps another entry|differs from what the table/,
  ],
  ['hidden bytes between entries', () => changed(1, { gap: 100 }), /100 bytes before .* belong to no entry/],
  [
    'hidden bytes before the first',
    () => Buffer.concat([zipBytes(good()).subarray(0, 4), zipBytes(good())]),
    /where it cannot be/,
  ],
  [
    'hidden bytes at the end',
    () => Buffer.concat([zipBytes(good()), Buffer.from('#!/bin/sh')]),
    /does not end like a zip file/,
  ],
  ['a comment', () => zipBytes(good(), { comment: 'hello' }), /does not end like a zip file/],
  [
    'a comment that is another end',
    () => zipBytes(good(), { comment: zipBytes([]).toString('latin1') }),
    /belong to no entry|where it cannot be|no entries|does not end/,
  ],
  ['more entries than there are', () => zipBytes(good(), { count: 9 }), /breaks off at entry 4 of 9/],
  ['fewer entries than there are', () => zipBytes(good(), { count: 2 }), /more than 2 entries/],
  ['65535 entries', () => zipBytes(good(), { count: 65535 }), /claims 65535 entries/],
  ['a table of contents elsewhere', () => zipBytes(good(), { begin: 5 }), /where it cannot be/],
  ['a table of contents of 4 GB', () => zipBytes(good(), { size: 0xffffffff }), /where it cannot be/],
  [
    'as many entries as are read, with a lie in the last',
    () =>
      zipBytes([
        ...good(),
        ...Array.from({ length: 19_000 }, (_, i) => ({ name: `archive/data/x${i}` })),
        { name: 'archive/last', localName: 'archive/LAST' },
      ]),
    /"archive\/last" differs from what the table/,
  ],
  ['one part of several', () => zipBytes(good(), { disk: 1 }), /one part of several/],
  ['nothing in it', () => Buffer.concat([Buffer.from('PK\x03\x04'), zipBytes([])]), /where it cannot be/],
  [
    'a zip64 count of 2^40',
    () => zipBytes(good(), { count: 0xffff, zip64: { count: 2 ** 40 } }),
    /claims 1099511627776 entries/,
  ],
  [
    'a zip64 count that differs',
    () => zipBytes(good(), { zip64: { count: 9 } }),
    /two values for the number of entries: 4 and 9/,
  ],
  [
    'a zip64 size of 2^40',
    () => zipBytes(good(), { size: 0xffffffff, zip64: { size: 2 ** 40 } }),
    /where it cannot be/,
  ],
  ['a zip64 size that differs', () => zipBytes(good(), { zip64: { size: 9 } }), /two values for the size/],
  ['a zip64 place that differs', () => zipBytes(good(), { zip64: { begin: 9 } }), /two values for the place/],
  [
    'a zip64 record elsewhere',
    () => zipBytes(good(), { zip64: { at: 2 ** 45 } }),
    /zip64 record is said to be at 35184372088832/,
  ],
  [
    'a zip64 size of an entry that is not there',
    () => changed(2, { size: 0xffffffff }),
    /no valid zip64 sizes/,
  ],
  [
    'a zip64 size of an exabyte',
    () => changed(2, { size: 0xffffffff, extra: zip64Field(2n ** 60n, 2n ** 60n) }),
    /reaches into the table of contents/,
  ],
  ['two zip64 sizes', () => changed(2, { size: 0xffffffff, extra: zip64Field(24n, 25n) }), /has two sizes/],
  [
    'a bit of the weights that has turned',
    () => turned(good(), 2),
    /"archive\/data\/0" do not match their checksum/,
  ],
  [
    'a bit of the description that has turned',
    () => turned(good(), 0),
    /"archive\/data\.pkl" do not match their checksum/,
  ],
  ['a broken extra field', () => changed(2, { extra: Buffer.from([1, 0, 255, 0, 1]) }), /broken extra field/],
];

const magicOnly = finished(integer(42));
const legacies: Hostile[] = [
  [
    'another magic number',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { magic: magicOnly }),
    /begins neither like a zip file nor/,
  ],
  [
    'a pickle that calls in place of the magic number',
    () => finished(call('os', 'system', command)),
    /global "os\.system" is not allowed/,
  ],
  [
    'a call behind the magic number',
    () => Buffer.concat([LEGACY_MAGIC, finished(call('os', 'system', command))]),
    /global "os\.system"/,
  ],
  [
    'a call in the system information',
    () => torchLegacy(none, { system: finished(call('os', 'system', command)) }),
    /global "os\.system"/,
  ],
  [
    'a tensor in the system information',
    () => torchLegacy(none, { system: finished(tensor({ legacy: true })) }),
    /global "torch\._utils\._rebuild_tensor_v2"/,
  ],
  [
    'a call among the weights',
    () => torchLegacy(dict(['a', call('os', 'system', command)])),
    /global "os\.system"/,
  ],
  [
    'nonsense behind the magic number',
    () => Buffer.concat([LEGACY_MAGIC, Buffer.from('the quick brown fox')]),
    /opcode 0x|empty stack|is not allowed|no mark|memo/,
  ],
  [
    'another protocol',
    () => torchLegacy(none, { protocol: finished(integer(1002)) }),
    /unknown version of the legacy format/,
  ],
  [
    'big-endian values, before 1.6',
    () => torchLegacy(none, { system: finished(dict(['little_endian', pickle(0x89)])) }),
    /not say that its values are little-endian/,
  ],
  ['no system information', () => torchLegacy(none, { system: finished(none) }), /little-endian/],
  ['a legacy storage of negative size', () => legacyWith({ count: -1 }), /without a valid key and size/],
  ['a legacy storage of a terabyte', () => legacyWith({ count: 2 ** 38 }), /more than the file has room for/],
  [
    'a legacy storage with another count',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { count: 5n }),
    /has 5 values, its tensors expect 6/,
  ],
  [
    'a legacy storage with a negative count',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { count: -1n }),
    /has -1 values/,
  ],
  [
    'a legacy storage with a count of 2^62',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { count: 2n ** 62n }),
    /has 4611686018427388000 values/,
  ],
  [
    'a legacy storage that is cut',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { bytes: Buffer.alloc(20) }),
    /ends within storage "0"/,
  ],
  [
    'bytes behind the last storage',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { bytes: Buffer.alloc(30) }),
    /goes on for 6 bytes/,
  ],
  [
    'a storage that is not listed',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { keys: [] }),
    /list of storages does not fit/,
  ],
  [
    'a storage that is listed twice',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { keys: ['0', '0'] }),
    /list of storages|has \d+ values|truncated/,
  ],
  [
    'a storage that no tensor has',
    () => torchLegacy(dict(['a', tensor({ legacy: true })]), { keys: ['9'] }),
    /list of storages does not fit/,
  ],
  [
    'a part outside its storage',
    () => legacyWith({ view: ['1', 4, 6] }),
    /a part of storage "0" that lies outside/,
  ],
  ['a tensor outside its part', () => legacyWith({ view: ['1', 0, 3] }), /outside its storage of 3 values/],
  [
    'a part that is a text',
    () =>
      torchLegacy(
        pickle(
          tuple(
            text('storage'),
            globalName('torch', 'FloatStorage'),
            text('0'),
            text('cpu'),
            integer(6),
            text('x'),
          ),
          'Q',
        ),
      ),
    /a part of storage "0"/,
  ],
];

const others: Hostile[] = [
  ['nothing', () => new Uint8Array(0), /begins neither/],
  ['text', () => Buffer.from('hello, I am a checkpoint\n'), /begins neither/],
  ['a page of the web', () => Buffer.from('<!DOCTYPE html><title>404</title>'), /begins neither/],
  ['zeros', () => Buffer.alloc(1000), /begins neither/],
  ['the beginning of a zip file', () => Buffer.from('PK\x03\x04'), /does not end like a zip file/],
  ['a tar file', () => Buffer.from('storages'.padEnd(1024, '\0')), /begins neither/],
];

const safetensors = (header: string | Uint8Array, body = 0, claimed?: bigint): Buffer => {
  const json = Buffer.from(header);
  return Buffer.concat([u64(claimed ?? BigInt(json.length)), json, Buffer.alloc(body)]);
};
const entry = (shape: unknown, offsets: unknown, dtype = 'F32') =>
  JSON.stringify({ a: { dtype, shape, data_offsets: offsets } });
const safetensorsFiles: Hostile[] = [
  [
    'a header of an exabyte',
    () => safetensors('{}', 0, 2n ** 60n),
    /its header claims 1152921504606\d+ bytes/,
  ],
  ['a header of 2^64 - 1', () => safetensors('{}', 0, 2n ** 64n - 1n), /its header claims/],
  ['a header of 20 MB', () => safetensors(Buffer.alloc(20_000_000, '[')), /its header claims 20000000 bytes/],
  ['a header of brackets', () => safetensors(Buffer.alloc(2_900_000, '[')), /nests deeper/],
  [
    'a header of empty lists',
    () => safetensors(`{"a":[${'[],'.repeat(900_000)}0]}`),
    /more tensors than any network has/,
  ],
  [
    'a header of empty tensors',
    () => safetensors(JSON.stringify(Object.fromEntries(Array.from({ length: 250_000 }, (_, i) => [i, {}])))),
    /more tensors than any network has/,
  ],
  ['a shape that overflows', () => safetensors(entry([2 ** 40, 2 ** 40], [0, 4]), 4), /needs .* bytes/],
  [
    'a terabyte',
    () => safetensors(entry([2 ** 38], [0, 2 ** 40]), 4),
    /take 1099511627776 bytes, 4 are there/,
  ],
  ['a negative range', () => safetensors(entry([1], [-4, 0]), 4), /no valid data_offsets/],
  ['a gap', () => safetensors(entry([1], [4, 8]), 8), /leaves a gap/],
  ['an unknown type', () => safetensors(entry([1], [0, 4], '__proto__'), 4), /type "__proto__"/],
  ['a hundred axes', () => safetensors(entry(Array(100).fill(1), [0, 4]), 4), /no valid shape/],
  ['a header that is a function', () => safetensors('(() => process.exit())()'), /not JSON/],
  ['no tensors', () => safetensors('{}'), /no weights in it/],
  ['hidden bytes', () => safetensors(entry([1], [0, 4]), 100), /take 4 bytes, 100 are there/],
];

const groups: readonly (readonly [string, string, readonly Hostile[]])[] = [
  ['calls', 'pth', calls],
  ['bombs', 'pth', bombs],
  ['lies about tensors', 'pth', tensors],
  ['zip files', 'pt', zips],
  ['legacy files', 'pth', legacies],
  ['other files', 'pth', others],
  ['safetensors', 'safetensors', safetensorsFiles],
];

/** Nothing that moves a terminal's cursor. */
function expectOneLine(message: string): void {
  for (const character of ['\n', '\r', '\u001b']) expect(message).not.toContain(character);
}

/** Reads a file that must be refused; gives the message. */
async function refusal(path: string): Promise<string> {
  const start = performance.now();
  const error: unknown = await readWeights(path).catch((error: unknown) => error);
  const took = performance.now() - start;
  if (!(error instanceof OtxError)) throw new Error(`not refused, but ${String(error)}`);
  expect(error.code).toBe('checkpoint');
  expectOneLine(error.message);
  expect(error.message.startsWith(path)).toBe(true);
  expect(took).toBeLessThan(MAX_MILLISECONDS);
  return error.message;
}

test('there are at least sixty of them, and the good file that they are made of is read', async () => {
  expect(groups.flatMap(([, , files]) => files).length).toBeGreaterThan(180);
  for (const [name, bytes] of [
    ['good.pth', torchZip(dict(['a', tensor()]))],
    ['zip64.pth', zipBytes(good(), { zip64: {} })],
    ['full.pth', zipBytes(good(), { count: 0xffff, size: 0xffffffff, begin: 0xffffffff, zip64: {} })],
    ['legacy.pth', torchLegacy(dict(['a', tensor({ legacy: true })]))],
    ['part.pth', torchLegacy(dict(['a', tensor({ legacy: true, view: ['1', 0, 6] })]))],
  ] as const) {
    const path = join(folder, name);
    await writeFile(path, bytes);
    const { tensors } = await readWeights(path);
    expect(tensors).toEqual(
      new Map([['backbone.a', { shape: [2, 3], data: new Float32Array([0, 1, 2, 3, 4, 5]) }]]),
    );
  }
});

describe.each(groups)('%s', (_, extension, files) => {
  test.each(files)('%s', async (_, bytes, reason) => {
    const path = join(folder, `hostile.${extension}`);
    const content = bytes();
    await writeFile(path, content);
    const before = await readdir(folder);
    expect(await refusal(path)).toMatch(reason);
    expect(await readdir(folder)).toEqual(before);
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
  });
});

test('all of them together took little memory', () => {
  expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(MAX_MEMORY_KILOBYTES);
});

test('nothing was executed', async () => {
  expect(await readdir(folder)).not.toContain(TRACE);
  expect(await readdir('.')).not.toContain(TRACE);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('things that are no files are refused', async () => {
  await expect(refusal(join(folder, 'missing.pth'))).resolves.toMatch(/does not exist; expected weights/);
  await expect(refusal(folder)).resolves.toMatch(/is not a file/);
  const link = join(folder, 'zero.pth');
  await symlink('/dev/zero', link);
  await expect(refusal(link)).resolves.toMatch(/is not a file/);
});

describe('damaged files', () => {
  const samples = () =>
    [
      ['pth', zipBytes(good(), { zip64: {} })],
      ['pth', torchLegacy(orderedDict(['a', tensor({ legacy: true })], ['b', storage({ legacy: true })]))],
      ['safetensors', safetensors(entry([2], [0, 8]), 8)],
    ] as const;

  test('every truncation is refused', async () => {
    for (const [extension, bytes] of samples()) {
      const path = join(folder, `cut.${extension}`);
      for (let length = 0; length < bytes.length; length += length < 100 ? 1 : 7) {
        await writeFile(path, bytes.subarray(0, length));
        await refusal(path);
      }
    }
  });

  test('changed bytes are either refused in one line or change values only', async () => {
    const random = new Random('changed bytes');
    let refused = 0;
    for (const [extension, bytes] of samples()) {
      const path = join(folder, `changed.${extension}`);
      for (let round = 0; round < 400; round++) {
        const copy = Buffer.from(bytes);
        for (let i = 0; i <= round % 3; i++) copy[random.integer(copy.length)] = random.integer(256);
        await writeFile(path, copy);
        const error: unknown = await readWeights(path).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (error === undefined) continue;
        refused++;
        expect(error, copy.toString('latin1')).toBeInstanceOf(OtxError);
        expectOneLine((error as OtxError).message);
      }
    }
    expect(refused).toBeGreaterThan(600);
  });
});
