/**
 * @file The safetensors format: a JSON header with names, types, shapes and offsets, then plain bytes.
 * A checkpoint may come from anywhere, so nothing in the header is believed before it has been checked.
 */

import { OtxError } from '../base/errors.js';

/** Types that this project stores: float32 weights and int64 counters. */
export type SafeTensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I64'; readonly shape: readonly number[]; readonly data: BigInt64Array };

/** What a file holds: tensors by name, and free text by key. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const BYTES_PER_VALUE = { F32: 4, I64: 8 } as const;
const PREFIX_BYTES = 8;
/** The limit of the reference implementation; a larger header is an attack or garbage. */
const MAX_HEADER_BYTES = 100_000_000;

/** Number of values of a shape; 1 for a scalar `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/**
 * Encodes tensors and metadata. Equal content gives equal bytes; int64 tensors come first so that every tensor is aligned.
 */
export function encodeSafetensors({ tensors, metadata }: SafeTensors): Uint8Array {
  const ordered = [...tensors].sort(([, a], [, b]) => BYTES_PER_VALUE[b.dtype] - BYTES_PER_VALUE[a.dtype]);
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    if (data.length !== sizeOf(shape)) {
      throw new OtxError('checkpoint', `tensor ${name} has ${data.length} values but shape [${shape}]`);
    }
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(PREFIX_BYTES + headerBytes + offset);
  file.fill(0x20, PREFIX_BYTES, PREFIX_BYTES + headerBytes);
  file.set(json, PREFIX_BYTES);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  let position = PREFIX_BYTES + headerBytes;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * Decodes a file into tensors that own their memory.
 *
 * @param source file name for messages.
 * @throws OtxError `checkpoint` when the header is not valid, ranges overlap or leave gaps, or bytes are missing.
 */
export function decodeSafetensors(file: Uint8Array, source: string): SafeTensors {
  const fail = (reason: string): never => {
    throw new OtxError('checkpoint', `${source}: not a usable safetensors file (${reason})`);
  };
  if (file.length < PREFIX_BYTES) return fail(`${file.length} bytes, too short for a header`);
  const headerBytes = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || PREFIX_BYTES + headerBytes > file.length) {
    return fail(
      `its header claims ${headerBytes} bytes, the file has ${file.length}; truncated or another format`,
    );
  }
  const body = file.subarray(PREFIX_BYTES + headerBytes);
  const { __metadata__, ...entries } = parseHeader(
    file.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes),
    fail,
  );

  const ranges = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, fail));
  let end = 0;
  for (const { name, begin, bytes } of [...ranges].sort((a, b) => a.begin - b.begin || a.bytes - b.bytes)) {
    if (begin !== end)
      return fail(`tensor ${name} ${begin < end ? 'overlaps another' : 'leaves a gap before it'}`);
    end += bytes;
  }
  if (end !== body.length) {
    return fail(
      `its tensors take ${end} bytes, ${body.length} are there${end > body.length ? '; truncated' : ''}`,
    );
  }
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, bytes } of ranges) {
    // A copy: the body starts at any byte, typed arrays only at multiples of their element size (and Buffer.slice would share).
    const { buffer } = new Uint8Array(body.subarray(begin, begin + bytes));
    tensors.set(
      name,
      dtype === 'F32'
        ? { dtype, shape, data: new Float32Array(buffer) }
        : { dtype, shape, data: new BigInt64Array(buffer) },
    );
  }
  return { tensors, metadata: checkMetadata(__metadata__, fail) };
}

type Fail = (reason: string) => never;

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return fail('its header is not JSON');
  }
  return isObject(header) ? header : fail('its header is not a JSON object');
}

interface CheckedEntry {
  name: string;
  dtype: SafeTensor['dtype'];
  shape: number[];
  begin: number;
  bytes: number;
}

function checkEntry(name: string, entry: unknown, fail: Fail): CheckedEntry {
  if (!isObject(entry)) return fail(`tensor ${name} is not described`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== 'F32' && dtype !== 'I64') {
    return fail(`tensor ${name} has type ${JSON.stringify(dtype)}; F32 and I64 are read`);
  }
  if (!isCounts(shape)) return fail(`tensor ${name} has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2) return fail(`tensor ${name} has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = sizeOf(shape) * BYTES_PER_VALUE[dtype];
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) {
    return fail(`tensor ${name} of shape [${shape}] needs ${bytes} bytes, its offsets give ${end - begin}`);
  }
  return { name, dtype, shape, begin, bytes };
}

function checkMetadata(metadata: unknown, fail: Fail): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isObject(metadata)) return fail('its __metadata__ is not an object');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') return fail(`its metadata ${key} is not text`);
  }
  return metadata as Record<string, string>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}
