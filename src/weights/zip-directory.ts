/**
 * @file The table of contents of a zip file, as PyTorch writes them: nothing compressed, entries one after the other from
 * the first byte on. Everything else that the format allows (and that lets two readers see two different files) is refused.
 */

import { crc32 } from 'node:zlib';
import type { ByteFile } from './byte-file.js';
import { quoted, unusable } from './unusable.js';

/** Bytes of one entry within the file. */
export interface ZipEntry {
  readonly name: string;
  readonly position: number;
  readonly size: number;
  /** CRC-32 of the bytes; 0 where the writer did not compute it, which PyTorch can be told. */
  readonly checksum: number;
}

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;

const MAX_ENTRIES = 20_000;
const MAX_DIRECTORY_BYTES = 4_000_000;
/** Checksum and sizes behind an entry whose header was written before they were known. */
const MAX_DESCRIPTOR_BYTES = 24;

const ENCRYPTED = 1;
const DESCRIPTOR_FOLLOWS = 1 << 3;
const UTF8_NAME = 1 << 11;
const SATURATED_16 = 0xffff;
const SATURATED_32 = 0xffffffff;
const ZIP64_FIELD = 1;
const UNIX = 3;
const FILE_TYPE_MASK = 0o170000;
const REGULAR_FILE = 0o100000;

interface CentralEntry {
  readonly name: string;
  readonly nameBytes: Buffer;
  readonly flags: number;
  readonly method: number;
  /** Bytes as stored and as meant; the same without compression. */
  readonly packed: number;
  readonly size: number;
  readonly checksum: number;
  readonly header: number;
}

/** Whether a file begins as zip files do. */
export function beginsLikeZip(start: Buffer): boolean {
  return start.length >= 4 && start.readUInt32LE(0) === LOCAL_SIGNATURE;
}

/**
 * Entries by name.
 *
 * @param inspect sees all names before the entries are judged, to refuse the file for a reason that says more.
 * @throws Unusable when the file is truncated, contradicts itself, hides bytes, or has entries that PyTorch never writes:
 * compressed, encrypted, links, folders, names that lead elsewhere, names that occur twice.
 */
export async function readZipDirectory(
  file: ByteFile,
  inspect: (names: readonly string[]) => void = () => undefined,
): Promise<Map<string, ZipEntry>> {
  const { count, begin, size } = await findDirectory(file);
  const central = parseDirectory(await file.read(begin, size), count);
  inspect(central.map(({ name }) => name));
  const entries = new Map<string, ZipEntry>();
  let end = 0;
  let gapAllowed = 0;
  for (const entry of central.sort((a, b) => a.header - b.header)) {
    checkStored(entry);
    checkGap(entry.name, entry.header - end, gapAllowed);
    const position = await locate(file, entry);
    if (position + entry.size > begin)
      unusable(`entry ${quoted(entry.name)} reaches into the table of contents`);
    const { name, size, checksum } = entry;
    entries.set(name, { name, position, size, checksum });
    end = position + entry.size;
    gapAllowed = entry.flags & DESCRIPTOR_FOLLOWS ? MAX_DESCRIPTOR_BYTES : 0;
  }
  checkGap('the table of contents', begin - end, gapAllowed);
  return entries;
}

/** Read at a time to be checked. */
const PIECE_BYTES = 2 ** 22;

/** @throws Unusable when the bytes of an entry are not those that were written. */
export async function checkBytes(
  file: ByteFile,
  { name, position, size, checksum }: ZipEntry,
): Promise<void> {
  if (checksum === 0) return;
  let found = 0;
  for (let done = 0; done < size; done += PIECE_BYTES) {
    found = crc32(await file.read(position + done, Math.min(PIECE_BYTES, size - done)), found);
  }
  if (found !== checksum) unusable(`the bytes of entry ${quoted(name)} do not match their checksum; damaged`);
}

function checkStored({ name, method, packed, size }: CentralEntry): void {
  if (method !== 0) {
    unusable(
      `entry ${quoted(name)} is compressed (method ${method}), which torch.save never does; unpack it and zip it with -0`,
    );
  }
  if (packed !== size) unusable(`entry ${quoted(name)} has two sizes, ${packed} and ${size} bytes`);
}

function checkGap(name: string, gap: number, allowed: number): void {
  if (gap < 0) unusable(`${quoted(name)} overlaps another entry`);
  if (gap > allowed) unusable(`${gap} bytes before ${quoted(name)} belong to no entry`);
}

interface Directory {
  readonly count: number;
  readonly begin: number;
  readonly size: number;
}

async function findDirectory(file: ByteFile): Promise<Directory> {
  const tailBytes = Math.min(file.size, END_BYTES + LOCATOR_BYTES);
  const tail = await file.read(file.size - tailBytes, tailBytes);
  const end = tail.subarray(-END_BYTES);
  if (end.length < END_BYTES || end.readUInt32LE(0) !== END_SIGNATURE || end.readUInt16LE(20) !== 0) {
    return unusable('it does not end like a zip file; truncated, or something was appended');
  }
  if (end.readUInt16LE(4) !== 0 || end.readUInt16LE(6) !== 0) return unusable('it is one part of several');
  const short = {
    countHere: end.readUInt16LE(8),
    count: end.readUInt16LE(10),
    size: end.readUInt32LE(12),
    begin: end.readUInt32LE(16),
  };
  const locator = tail.subarray(0, -END_BYTES);
  const hasLocator = locator.length === LOCATOR_BYTES && locator.readUInt32LE(0) === LOCATOR_SIGNATURE;
  const directory = hasLocator ? await readEnd64(file, locator) : short;
  if (hasLocator) {
    agree('number of entries', short.count, directory.count, SATURATED_16);
    agree('size of the table of contents', short.size, directory.size, SATURATED_32);
    agree('place of the table of contents', short.begin, directory.begin, SATURATED_32);
  }
  const limit = file.size - END_BYTES - (hasLocator ? LOCATOR_BYTES + END64_BYTES : 0);
  const { count, countHere, begin, size } = directory;
  if (count !== countHere || count > MAX_ENTRIES) {
    return unusable(`it claims ${count} entries; at most ${MAX_ENTRIES} are read`);
  }
  if (size > MAX_DIRECTORY_BYTES || begin + size !== limit) {
    return unusable(`its table of contents claims ${size} bytes at ${begin}, where it cannot be`);
  }
  return directory;
}

async function readEnd64(
  file: ByteFile,
  locator: Buffer,
): Promise<Directory & { readonly countHere: number }> {
  const position = file.size - END_BYTES - LOCATOR_BYTES - END64_BYTES;
  const claimed = Number(locator.readBigUInt64LE(8));
  if (claimed !== position || locator.readUInt32LE(4) !== 0 || locator.readUInt32LE(16) !== 1) {
    return unusable(`its zip64 record is said to be at ${claimed}, where it cannot be`);
  }
  const record = await file.read(position, END64_BYTES);
  const [countHere, count, size, begin] = [24, 32, 40, 48].map((at) => Number(record.readBigUInt64LE(at)));
  if (
    record.readUInt32LE(0) !== END64_SIGNATURE ||
    record.readBigUInt64LE(4) !== BigInt(END64_BYTES - 12) ||
    record.readUInt32LE(16) !== 0 ||
    record.readUInt32LE(20) !== 0
  ) {
    return unusable('its zip64 record is not valid');
  }
  return { countHere, count, size, begin } as Directory & { countHere: number };
}

/** A short field is either full, which sends to the long one, or says the same. */
function agree(what: string, short: number, long: number, saturated: number): void {
  if (short !== saturated && short !== long)
    unusable(`it gives two values for the ${what}: ${short} and ${long}`);
}

function parseDirectory(bytes: Buffer, count: number): CentralEntry[] {
  const entries: CentralEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > bytes.length || bytes.readUInt32LE(at) !== CENTRAL_SIGNATURE) {
      return unusable(`its table of contents breaks off at entry ${i} of ${count}`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
      bytes.readUInt16LE(at + offset),
    ) as [number, number, number];
    const next = at + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
    if (next > bytes.length) return unusable(`its table of contents breaks off at entry ${i} of ${count}`);
    const entry = parseCentral(bytes.subarray(at, next), nameBytes, extraBytes);
    if (names.has(entry.name)) return unusable(`entry ${quoted(entry.name)} is there twice`);
    names.add(entry.name);
    entries.push(entry);
    at = next;
  }
  return at === bytes.length ? entries : unusable(`its table of contents has more than ${count} entries`);
}

function parseCentral(record: Buffer, nameLength: number, extraLength: number): CentralEntry {
  const nameBytes = record.subarray(CENTRAL_BYTES, CENTRAL_BYTES + nameLength);
  const name = checkName(nameBytes);
  const flags = record.readUInt16LE(8);
  if (flags & ENCRYPTED) return unusable(`entry ${quoted(name)} is encrypted`);
  if (flags & ~(DESCRIPTOR_FOLLOWS | UTF8_NAME)) return unusable(`entry ${quoted(name)} has unknown flags`);
  const mode = record.readUInt32LE(38) >>> 16;
  const fileType = mode & FILE_TYPE_MASK;
  if (record.readUInt8(5) === UNIX && fileType !== 0 && fileType !== REGULAR_FILE) {
    return unusable(`entry ${quoted(name)} is a link or a special file`);
  }
  const fields = {
    size: record.readUInt32LE(24),
    packed: record.readUInt32LE(20),
    header: record.readUInt32LE(42),
  };
  const extra = record.subarray(CENTRAL_BYTES + nameLength, CENTRAL_BYTES + nameLength + extraLength);
  const { size, packed, header } = widen(name, fields, extra);
  if (record.readUInt16LE(34) !== 0) return unusable(`entry ${quoted(name)} is on another disk`);
  return {
    name,
    nameBytes,
    flags,
    method: record.readUInt16LE(10),
    packed,
    size,
    checksum: record.readUInt32LE(16),
    header,
  };
}

/** Takes the fields that are too small for their values from the zip64 field, in its fixed order. */
function widen<T extends Record<string, number>>(name: string, fields: T, extra: Buffer): T {
  const saturated = Object.entries(fields).filter(([, value]) => value === SATURATED_32);
  const long = findExtra(name, extra, ZIP64_FIELD);
  if (saturated.length === 0) return fields;
  if (!long || long.length < 8 * saturated.length) {
    return unusable(`entry ${quoted(name)} has no valid zip64 sizes`);
  }
  const wide = saturated.map(([key], i) => [key, Number(long.readBigUInt64LE(8 * i))] as const);
  return { ...fields, ...Object.fromEntries(wide) };
}

function findExtra(name: string, extra: Buffer, wanted: number): Buffer | undefined {
  let found: Buffer | undefined;
  for (let at = 0; at < extra.length; ) {
    const end = at + 4 <= extra.length ? at + 4 + extra.readUInt16LE(at + 2) : Number.POSITIVE_INFINITY;
    if (end > extra.length) return unusable(`entry ${quoted(name)} has a broken extra field`);
    if (extra.readUInt16LE(at) === wanted) found ??= extra.subarray(at + 4, end);
    at = end;
  }
  return found;
}

function checkName(bytes: Buffer): string {
  let name: string;
  try {
    name = utf8.decode(bytes);
  } catch {
    return unusable('an entry has a name that is not UTF-8');
  }
  const parts = name.split('/');
  const leadsElsewhere = parts.some((part) => part === '' || part === '.' || part === '..');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (leadsElsewhere || /^[A-Za-z]:|[\\\u0000-\u001f]/.test(name)) {
    return unusable(`an entry has the name ${quoted(name)}, which is not that of a file inside`);
  }
  return name;
}

/** Checks an entry's own header against the table of contents; returns where its bytes begin. */
async function locate(
  file: ByteFile,
  { name, nameBytes, flags, size, header }: CentralEntry,
): Promise<number> {
  const local = await file.peek(header, LOCAL_BYTES + nameBytes.length);
  const extraLength = local.readUInt16LE(28);
  const matches =
    local.readUInt32LE(0) === LOCAL_SIGNATURE &&
    local.readUInt16LE(6) === flags &&
    local.readUInt16LE(8) === 0 &&
    local.subarray(LOCAL_BYTES).equals(nameBytes) &&
    local.readUInt16LE(26) === nameBytes.length &&
    [18, 22].every((at) => isSameSize(local.readUInt32LE(at), size, flags));
  if (!matches) return unusable(`entry ${quoted(name)} differs from what the table of contents says`);
  return header + LOCAL_BYTES + nameBytes.length + extraLength;
}

function isSameSize(local: number, size: number, flags: number): boolean {
  if (flags & DESCRIPTOR_FOLLOWS && local === 0) return true;
  return local === size || local === SATURATED_32;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
