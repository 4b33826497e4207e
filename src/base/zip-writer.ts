/** @file Zip files whose entries start at aligned positions, as PyTorch maps them into memory; equal contents make equal files. */

import { crc32 } from 'node:zlib';
import { OtxError } from './errors.js';

/** A file inside a zip file. */
export interface ZipContent {
  /** Its path, with forward slashes. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The bytes after `deflateRaw`, of a file that is stored compressed. Default: it is stored as it is. */
  readonly deflated?: Uint8Array | undefined;
}

const ALIGNMENT = 64;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const EXTRA_HEADER_BYTES = 4;
/** "FB", the field that PyTorch pads with. */
const PADDING_FIELD = 0x4246;
const PADDING = 0x5a;
const VERSION = 20;
const UTF8_NAME = 1 << 11;
/** Of what `deflateRaw` has made smaller. */
const DEFLATED = 8;
/** 1980-01-01, the earliest there is. */
const DATE = (1 << 5) | 1;
const LIMIT = 0xffffffff;
const MOST_ENTRIES = 0xffff;

/**
 * The parts of a zip file, to be written one after the other; contents are not copied.
 *
 * @throws OtxError `output` beyond 4 GB or 65535 entries, where the format would need its larger variant.
 */
export function encodeZip(contents: readonly ZipContent[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const central: Buffer[] = [];
  let position = 0;
  for (const content of contents) {
    const nameBytes = Buffer.from(content.name);
    const stored = content.deflated ?? content.bytes;
    const common = commonFields(content, nameBytes.length);
    central.push(centralHeader(common, position), nameBytes);
    const padding = paddingField(position + LOCAL_BYTES + nameBytes.length);
    const local = Buffer.alloc(LOCAL_BYTES);
    local.writeUInt32LE(0x04034b50, 0);
    common.copy(local, 4);
    local.writeUInt16LE(padding.length, 28);
    chunks.push(local, nameBytes, padding, stored);
    position += LOCAL_BYTES + nameBytes.length + padding.length + stored.length;
    if (position > LIMIT) throw tooLarge();
  }
  const directory = Buffer.concat(central);
  if (position + directory.length > LIMIT || contents.length > MOST_ENTRIES) throw tooLarge();
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(contents.length, 8);
  end.writeUInt16LE(contents.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(position, 16);
  return [...chunks, directory, end];
}

function tooLarge(): OtxError {
  return new OtxError('output', '4 GB or more do not fit in a zip file, which a .pth file is too');
}

/** Version to length of the name, which both headers of an entry have. */
function commonFields({ bytes, deflated }: ZipContent, nameBytes: number): Buffer {
  const fields = Buffer.alloc(24);
  fields.writeUInt16LE(VERSION, 0);
  fields.writeUInt16LE(UTF8_NAME, 2);
  fields.writeUInt16LE(deflated ? DEFLATED : 0, 4);
  fields.writeUInt16LE(DATE, 8);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE((deflated ?? bytes).length, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(nameBytes, 22);
  return fields;
}

function centralHeader(common: Buffer, position: number): Buffer {
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION, 4);
  common.copy(header, 6);
  header.writeUInt32LE(position, 42);
  return header;
}

/** Extra field after which the position is a multiple of {@link ALIGNMENT}. */
function paddingField(position: number): Buffer {
  const start = position + EXTRA_HEADER_BYTES;
  const length = (ALIGNMENT - (start % ALIGNMENT)) % ALIGNMENT;
  const field = Buffer.alloc(EXTRA_HEADER_BYTES + length, PADDING);
  field.writeUInt16LE(PADDING_FIELD, 0);
  field.writeUInt16LE(length, 2);
  return field;
}
