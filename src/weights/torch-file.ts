/**
 * @file Files of `torch.save`: a pickle that describes tensors, and their values beside it, either as the entries of a
 * zip file (since PyTorch 1.6) or one after the other (before).
 */

import type { ByteFile } from './byte-file.js';
import { bytesPerElement } from './element-types.js';
import { type ParsedPickle, parsePickle } from './pickle.js';
import type { PickleHost } from './pickle-machine.js';
import { itemsOf, type PickleValue } from './pickle-values.js';
import type { StoredTensor } from './stored-tensor.js';
import { type Storage, TensorView, TorchHost } from './torch-globals.js';
import { quoted, unusable } from './unusable.js';
import { beginsLikeZip, checkBytes, readZipDirectory, type ZipEntry } from './zip-directory.js';

/** What a file holds, described; no values have been read. */
export interface TorchFile {
  readonly format: 'PyTorch zip' | 'PyTorch legacy';
  /** Whatever was saved. */
  readonly root: PickleValue;
  /** Where a tensor of `root` lies in the file; undefined for everything else. */
  tensor(value: PickleValue | undefined): StoredTensor | undefined;
}

/** The description of a network is far smaller: 200 kB for a thousand tensors. */
const MAX_PICKLE_BYTES = 4_000_000;
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
const COUNT_BYTES = 8;

/** @throws Unusable when it is neither kind of file, is damaged, or asks for anything but tensors and plain data. */
export async function describeTorchFile(file: ByteFile): Promise<TorchFile> {
  const start = await file.read(0, Math.min(file.size, 4));
  return beginsLikeZip(start) ? describeZip(file) : describeLegacy(file);
}

async function describeZip(file: ByteFile): Promise<TorchFile> {
  let folder = '';
  const entries = await readZipDirectory(file, (names) => {
    folder = folderOf(names);
  });
  const find = (name: string): ZipEntry | undefined => entries.get(`${folder}/${name}`);
  const pickle = find('data.pkl');
  if (!pickle) return unusable('it is a zip file without data.pkl, so not one of torch.save');
  await checkByteOrder(file, find('byteorder'));
  if (pickle.size > MAX_PICKLE_BYTES) return unusable(`its data.pkl has ${pickle.size} bytes`);
  const host = new TorchHost((storage) => {
    const size = find(`data/${storage.key}`)?.size;
    const needed = storage.count * bytesPerElement[storage.type];
    if (size !== needed) {
      unusable(`storage ${quoted(storage.key)} needs ${needed} bytes, the file has ${size ?? 'none'} for it`);
    }
  });
  await checkBytes(file, pickle);
  const bytes = await file.read(pickle.position, pickle.size);
  const { value: root, end } = parsePickle(bytes, host);
  if (end !== bytes.length) return unusable(`its data.pkl goes on for ${bytes.length - end} bytes`);
  return {
    format: 'PyTorch zip',
    root,
    tensor: (value) => {
      const entry = value instanceof TensorView ? find(`data/${value.storage.key}`) : undefined;
      const stored = locate(value, () => (entry as ZipEntry).position);
      return stored && { ...stored, entry };
    },
  };
}

/** The one folder that holds everything; it is named after the file as it was when it was saved. */
function folderOf(names: readonly string[]): string {
  const folders = new Set(names.map((name) => name.slice(0, Math.max(0, name.indexOf('/')))));
  const [folder = ''] = folders;
  if (folders.size !== 1 || folder === '') {
    return unusable('it is a zip file without a single folder, so not one of torch.save');
  }
  return names.includes(`${folder}/constants.pkl`)
    ? unusable('it is a TorchScript program; save the state_dict of its network with torch.save')
    : folder;
}

async function checkByteOrder(file: ByteFile, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return;
  const order = entry.size <= 16 ? (await file.read(entry.position, entry.size)).toString('latin1') : '';
  if (order !== 'little') unusable(`its byte order is ${quoted(order)}, little is read`);
}

async function describeLegacy(file: ByteFile): Promise<TorchFile> {
  const bytes = await file.read(0, Math.min(file.size, MAX_PICKLE_BYTES));
  const magic = parseMagic(bytes);
  const protocol = parsePickle(bytes, plainData, magic.end);
  if (protocol.value !== LEGACY_PROTOCOL) return unusable('it has an unknown version of the legacy format');
  const system = parsePickle(bytes, plainData, protocol.end);
  if (!(system.value instanceof Map) || system.value.get('little_endian') !== true) {
    return unusable('it does not say that its values are little-endian');
  }
  const host = new TorchHost(({ key, count, type }) => {
    if (count * bytesPerElement[type] > file.size) {
      unusable(`storage ${quoted(key)} claims ${count} values, more than the file has room for`);
    }
  });
  const { value: root, end } = parsePickle(bytes, host, system.end);
  const keys = parsePickle(bytes, plainData, end);
  const positions = await locateStorages(file, host.storages, itemsOf(keys.value) ?? [], keys.end);
  return {
    format: 'PyTorch legacy',
    root,
    tensor: (value) => locate(value, ({ key }) => positions.get(key) as number),
  };
}

/** Parses only what begins like a pickle, so that other files get a plain answer. */
function parseMagic(bytes: Buffer): ParsedPickle {
  const beginnings = [Buffer.from([0x80]), Buffer.from('L')];
  const magic = beginnings.some((beginning) => bytes.subarray(0, 1).equals(beginning))
    ? parsePickle(bytes, plainData)
    : undefined;
  return magic?.value === LEGACY_MAGIC
    ? magic
    : unusable('it begins neither like a zip file nor like the older files of torch.save');
}

/** For pickles that hold numbers and texts alone. */
const plainData: PickleHost = {
  global: () => undefined,
  persistent: () => unusable('it refers to a storage where none can be'),
};

/** Position of the first value of every storage: in the order of `keys`, each behind the number of its values. */
async function locateStorages(
  file: ByteFile,
  storages: ReadonlyMap<string, Storage>,
  keys: readonly PickleValue[],
  begin: number,
): Promise<Map<string, number>> {
  const positions = new Map<string, number>();
  let at = begin;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage || positions.has(storage.key))
      return unusable('its list of storages does not fit its tensors');
    const count = Number((await file.read(at, COUNT_BYTES)).readBigInt64LE(0));
    if (count !== storage.count) {
      return unusable(
        `storage ${quoted(storage.key)} has ${count} values, its tensors expect ${storage.count}`,
      );
    }
    positions.set(storage.key, at + COUNT_BYTES);
    at += COUNT_BYTES + count * bytesPerElement[storage.type];
    if (at > file.size) return unusable(`it ends within storage ${quoted(storage.key)}; truncated`);
  }
  if (positions.size !== storages.size) return unusable('its list of storages does not fit its tensors');
  if (at !== file.size) return unusable(`it goes on for ${file.size - at} bytes behind its last tensor`);
  return positions;
}

function locate(
  value: PickleValue | undefined,
  positionOf: (storage: Storage) => number,
): StoredTensor | undefined {
  if (!(value instanceof TensorView)) return undefined;
  const { storage, offset, shape, strides } = value;
  const { type } = storage;
  return { type, shape, strides, position: positionOf(storage) + offset * bytesPerElement[type] };
}
