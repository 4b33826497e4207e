/** @file Builds the bytes of pickles, zip files and PyTorch files for tests, with every field free to lie. */

import { crc32 } from 'node:zlib';

/** An entry of a zip file; what is not given is what it should be. */
export interface EntryCase {
  name: string;
  bytes?: Uint8Array;
  flags?: number;
  method?: number;
  /** Sizes in the table of contents and in the entry's own header. */
  size?: number;
  packed?: number;
  localSize?: number;
  localName?: string;
  offset?: number;
  host?: number;
  mode?: number;
  extra?: Uint8Array;
  localExtra?: Uint8Array;
  /** Bytes behind the entry that belong to nothing. */
  gap?: number;
}

/** Fields at the end of a zip file. */
export interface EndCase {
  count?: number;
  size?: number;
  begin?: number;
  comment?: string;
  disk?: number;
  /** Adds a zip64 record and its locator with these values. */
  zip64?: { count?: number; size?: number; begin?: number; at?: number };
}

export function zipBytes(entries: readonly EntryCase[], end: EndCase = {}): Buffer {
  const chunks: Buffer[] = [];
  const central: Buffer[] = [];
  let position = 0;
  const add = (...parts: Uint8Array[]) => {
    for (const part of parts) {
      chunks.push(Buffer.from(part));
      position += part.length;
    }
  };
  for (const entry of entries) {
    const { name, bytes = new Uint8Array(0), flags = 0x800, method = 0, extra = Buffer.alloc(0) } = entry;
    const size = entry.size ?? bytes.length;
    const header = position;
    const localName = Buffer.from(entry.localName ?? name, 'latin1');
    const localExtra = entry.localExtra ?? Buffer.alloc(0);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(crc32(bytes), 14);
    local.writeUInt32LE(entry.localSize ?? entry.packed ?? size, 18);
    local.writeUInt32LE(entry.localSize ?? size, 22);
    local.writeUInt16LE(localName.length, 26);
    local.writeUInt16LE(localExtra.length, 28);
    add(local, localName, localExtra, bytes, Buffer.alloc(entry.gap ?? 0));
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt8(entry.host ?? 0, 5);
    record.writeUInt16LE(flags, 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(crc32(bytes), 16);
    record.writeUInt32LE(entry.packed ?? size, 20);
    record.writeUInt32LE(size, 24);
    record.writeUInt16LE(Buffer.from(name, 'latin1').length, 28);
    record.writeUInt16LE(extra.length, 30);
    record.writeUInt32LE(((entry.mode ?? 0) << 16) >>> 0, 38);
    record.writeUInt32LE(entry.offset ?? header, 42);
    central.push(record, Buffer.from(name, 'latin1'), Buffer.from(extra));
  }
  const directory = Buffer.concat(central);
  const begin = position;
  add(directory);
  if (end.zip64) {
    const at = position;
    const record = Buffer.alloc(56);
    record.writeUInt32LE(0x06064b50, 0);
    record.writeBigUInt64LE(44n, 4);
    record.writeBigUInt64LE(BigInt(end.zip64.count ?? entries.length), 24);
    record.writeBigUInt64LE(BigInt(end.zip64.count ?? entries.length), 32);
    record.writeBigUInt64LE(BigInt(end.zip64.size ?? directory.length), 40);
    record.writeBigUInt64LE(BigInt(end.zip64.begin ?? begin), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(end.zip64.at ?? at), 8);
    locator.writeUInt32LE(1, 16);
    add(record, locator);
  }
  const comment = Buffer.from(end.comment ?? '');
  const tail = Buffer.alloc(22);
  tail.writeUInt32LE(0x06054b50, 0);
  tail.writeUInt16LE(end.disk ?? 0, 4);
  tail.writeUInt16LE(end.count ?? entries.length, 8);
  tail.writeUInt16LE(end.count ?? entries.length, 10);
  tail.writeUInt32LE(end.size ?? directory.length, 12);
  tail.writeUInt32LE(end.begin ?? begin, 16);
  tail.writeUInt16LE(comment.length, 20);
  add(tail, comment);
  return Buffer.concat(chunks);
}

/** Pieces of a pickle: text is taken as latin1, a number as one byte. */
export function pickle(...parts: readonly (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'string'
        ? Buffer.from(part, 'latin1')
        : typeof part === 'number'
          ? Buffer.from([part])
          : part,
    ),
  );
}

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
export const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};
export const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return pickle('X', u32(bytes.length), bytes);
};
/** A whole number of up to eight bytes, negative ones too. */
export const integer = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return pickle(0x8a, 8, bytes);
};
export const tuple = (...items: readonly Uint8Array[]): Buffer => pickle('(', ...items, 't');
export const list = (...items: readonly Uint8Array[]): Buffer => pickle('](', ...items, 'e');
export const dict = (...pairs: readonly (readonly [string, Uint8Array])[]): Buffer =>
  pickle('}(', ...pairs.flatMap(([key, value]) => [text(key), value]), 'u');
export const globalName = (module: string, name: string): Buffer => pickle('c', `${module}\n${name}\n`);
export const call = (module: string, name: string, ...args: readonly Uint8Array[]): Buffer =>
  pickle(globalName(module, name), tuple(...args), 'R');
export const orderedDict = (...pairs: readonly (readonly [string, Uint8Array])[]): Buffer =>
  pickle(
    call('collections', 'OrderedDict'),
    '(',
    ...pairs.flatMap(([key, value]) => [text(key), value]),
    'u',
  );
export const none = pickle('N');

export interface TensorCase {
  storageType?: string;
  key?: string;
  count?: number | bigint;
  offset?: number | bigint;
  shape?: readonly (number | bigint)[];
  strides?: readonly (number | bigint)[];
  /** The legacy format has a sixth item in a storage's identifier. */
  legacy?: boolean;
  /** Legacy only: key, offset and count of a part of the storage. */
  view?: readonly [string, number, number];
}

export function storage({
  storageType = 'FloatStorage',
  key = '0',
  count = 6,
  legacy,
  view,
}: TensorCase): Buffer {
  const sixth = view ? tuple(text(view[0]), integer(view[1]), integer(view[2])) : none;
  const sixthIfLegacy = legacy ? [sixth] : [];
  return pickle(
    tuple(
      text('storage'),
      globalName('torch', storageType),
      text(key),
      text('cpu'),
      integer(count),
      ...sixthIfLegacy,
    ),
    'Q',
  );
}

/** A float32 tensor [2, 3] in storage 0, unless told otherwise. */
export function tensor(options: TensorCase = {}): Buffer {
  const { offset = 0, shape = [2, 3], strides = [3, 1] } = options;
  return call(
    'torch._utils',
    '_rebuild_tensor_v2',
    storage(options),
    integer(offset),
    tuple(...shape.map(integer)),
    tuple(...strides.map(integer)),
    pickle(0x89),
    call('collections', 'OrderedDict'),
  );
}

export const finished = (value: Uint8Array): Buffer => pickle(0x80, 2, value, '.');

const SIX_FLOATS = new Uint8Array(new Float32Array([0, 1, 2, 3, 4, 5]).buffer);

/** Entries of a file of `torch.save`, with the given object and storages. */
export function torchEntries(
  root: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = { 0: SIX_FLOATS },
): EntryCase[] {
  return [
    { name: 'archive/data.pkl', bytes: finished(root) },
    { name: 'archive/byteorder', bytes: Buffer.from('little') },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    { name: 'archive/version', bytes: Buffer.from('3\n') },
  ];
}

export function torchZip(root: Uint8Array, storages?: Readonly<Record<string, Uint8Array>>): Buffer {
  return zipBytes(torchEntries(root, storages));
}

export interface LegacyCase {
  magic?: Uint8Array;
  protocol?: Uint8Array;
  system?: Uint8Array;
  keys?: readonly string[];
  /** Number of values as written before the first storage. */
  count?: bigint;
  bytes?: Uint8Array;
}

export const LEGACY_MAGIC = pickle(0x80, 2, 0x8a, 10, Buffer.from('6cfc9c46f9206aa85019', 'hex'), '.');

/** A file of `torch.save` before PyTorch 1.6, with one storage. */
export function torchLegacy(root: Uint8Array, options: LegacyCase = {}): Buffer {
  const { magic = LEGACY_MAGIC, keys = ['0'], count = 6n, bytes = SIX_FLOATS } = options;
  return Buffer.concat([
    magic,
    options.protocol ?? finished(integer(1001)),
    options.system ?? finished(dict(['little_endian', pickle(0x88)])),
    finished(root),
    finished(list(...keys.map(text))),
    ...(keys.length > 0 ? [u64(BigInt.asUintN(64, count)), bytes] : []),
  ]);
}
