/**
 * @file The safetensors format: a JSON header with names, types, shapes and offsets, then plain bytes.
 * A checkpoint may come from anywhere, so nothing in the header is believed before it has been checked.
 */

import { OtxError } from '../base/errors.js';
import { bytesPerElement, type ElementType } from './element-types.js';
import { HIGHEST_RANK } from './stored-tensor.js';
import { quoted, Unusable, unquoted, unusable } from './unusable.js';

/** Types that this project stores: float32 weights and int64 counters. */
export type SafeTensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I64'; readonly shape: readonly number[]; readonly data: BigInt64Array };

/** What a file holds: tensors by name, and free text by key. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is written besides: halves, in which backbones are shipped. They are read by `readWeights`. */
export type WrittenTensor =
  | SafeTensor
  | { readonly dtype: 'F16'; readonly shape: readonly number[]; readonly data: Uint16Array };

const BYTES_PER_VALUE = { F16: 2, F32: 4, I64: 8 } as const;
/** Length of the header's length. */
export const PREFIX_BYTES = 8;
/** Some 100 bytes per tensor make this tens of thousands; parsing more takes seconds, which a small file must not cost. */
const MAX_HEADER_BYTES = 3_000_000;
/** The header, a tensor, its shape. */
const MAX_NESTING = 3;
/** Three for each of fifty thousand tensors. */
const MAX_BRACKETS = 150_000;

/** Types of the format that are read from elsewhere. */
const elementTypes: Readonly<Record<string, ElementType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

/** Number of values of a shape; 1 for a scalar `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/**
 * Encodes tensors and metadata. Equal content gives equal bytes; wider types come first so that every tensor is aligned.
 */
export function encodeSafetensors({
  tensors,
  metadata,
}: Omit<SafeTensors, 'tensors'> & { readonly tensors: ReadonlyMap<string, WrittenTensor> }): Uint8Array {
  const ordered = [...tensors].sort(([, a], [, b]) => BYTES_PER_VALUE[b.dtype] - BYTES_PER_VALUE[a.dtype]);
  // Without a prototype, so that no name of a tensor means anything else.
  const header: Record<string, unknown> = Object.assign(Object.create(null), { __metadata__: metadata });
  let offset = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    if (data.length !== sizeOf(shape)) {
      throw new OtxError('checkpoint', `tensor ${name} has ${data.length} values but shape [${shape}]`);
    }
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
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
 * Decodes a file of this project into tensors that own their memory.
 *
 * @param source file name for messages.
 * @throws OtxError `checkpoint` when the header is not valid, ranges overlap or leave gaps, or bytes are missing.
 */
export function decodeSafetensors(file: Uint8Array, source: string): SafeTensors {
  try {
    return decode(file);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    throw new OtxError('checkpoint', `${source}: not a usable safetensors file (${error.message})`, {
      cause: error,
    });
  }
}

function decode(file: Uint8Array): SafeTensors {
  const bodyStart = PREFIX_BYTES + checkHeaderBytes(file.subarray(0, PREFIX_BYTES), file.length);
  const body = file.subarray(bodyStart);
  const header = parseSafetensorsHeader(file.subarray(PREFIX_BYTES, bodyStart), body.length);
  const tensors = new Map<string, SafeTensor>();
  for (const { name, type, shape, begin, bytes } of header.entries) {
    if (type !== 'float32' && type !== 'int64') {
      return unusable(`tensor ${unquoted(name)} has type ${type}; float32 and int64 are read here`);
    }
    // A copy: the body starts at any byte, typed arrays only at multiples of their element size (and Buffer.slice would share).
    const { buffer } = new Uint8Array(body.subarray(begin, begin + bytes));
    tensors.set(
      name,
      type === 'float32'
        ? { dtype: 'F32', shape, data: new Float32Array(buffer) }
        : { dtype: 'I64', shape, data: new BigInt64Array(buffer) },
    );
  }
  return { tensors, metadata: header.metadata };
}

/**
 * Length of the header of a file.
 *
 * @param start the first eight bytes, or all of a shorter file.
 * @throws Unusable when the file cannot have such a header.
 */
export function checkHeaderBytes(start: Uint8Array, fileBytes: number): number {
  if (start.length < PREFIX_BYTES) return unusable(`${fileBytes} bytes, too short for a header`);
  const headerBytes = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || PREFIX_BYTES + headerBytes > fileBytes) {
    return unusable(
      `its header claims ${headerBytes} bytes, the file has ${fileBytes}; truncated or another format`,
    );
  }
  return headerBytes;
}

/** A tensor as the header describes it. */
export interface SafeEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: number[];
  /** Byte within the body, which follows the header. */
  readonly begin: number;
  readonly bytes: number;
}

/**
 * Checks a header against the size of what follows it: every byte belongs to exactly one tensor.
 *
 * @throws Unusable
 */
export function parseSafetensorsHeader(
  json: Uint8Array,
  bodyBytes: number,
): { readonly entries: readonly SafeEntry[]; readonly metadata: Record<string, string> } {
  const { __metadata__, ...described } = parseObject(json);
  const entries = Object.entries(described).map(([name, entry]) => checkEntry(name, entry));
  let end = 0;
  for (const { name, begin, bytes } of [...entries].sort((a, b) => a.begin - b.begin || a.bytes - b.bytes)) {
    if (begin !== end) {
      return unusable(
        `tensor ${unquoted(name)} ${begin < end ? 'overlaps another' : 'leaves a gap before it'}`,
      );
    }
    end += bytes;
  }
  if (end !== bodyBytes) {
    return unusable(
      `its tensors take ${end} bytes, ${bodyBytes} are there${end > bodyBytes ? '; truncated' : ''}`,
    );
  }
  return { entries, metadata: checkMetadata(__metadata__) };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  checkBrackets(bytes);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return unusable('its header is not JSON');
  }
  return isObject(header) ? header : unusable('its header is not a JSON object');
}

/** Refuses by its brackets alone what would cost a JSON parser seconds and much memory. */
function checkBrackets(json: Uint8Array): void {
  const [quote, backslash] = [0x22, 0x5c];
  let depth = 0;
  let count = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (inText) {
      if (byte === backslash) i++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) {
      inText = true;
    } else if (byte === 0x5b || byte === 0x7b) {
      count++;
      if (++depth > MAX_NESTING) unusable('its header nests deeper than the format');
      if (count > MAX_BRACKETS) unusable('its header describes more tensors than any network has');
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
    }
  }
}

function checkEntry(name: string, entry: unknown): SafeEntry {
  const tensor = `tensor ${unquoted(name)}`;
  if (!isObject(entry)) return unusable(`${tensor} is not described`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const type =
    typeof dtype === 'string' && Object.hasOwn(elementTypes, dtype) ? elementTypes[dtype] : undefined;
  if (!type) {
    const known = Object.keys(elementTypes).join(', ');
    return unusable(
      `${tensor} has type ${typeof dtype === 'string' ? quoted(dtype) : typeof dtype}; ${known} are read`,
    );
  }
  if (!isCounts(shape) || shape.length > HIGHEST_RANK) return unusable(`${tensor} has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2) return unusable(`${tensor} has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = sizeOf(shape) * bytesPerElement[type];
  if (!Number.isSafeInteger(bytes) || end - begin !== bytes) {
    return unusable(`${tensor} of shape [${shape}] needs ${bytes} bytes, its offsets give ${end - begin}`);
  }
  return { name, type, shape, begin, bytes };
}

function checkMetadata(metadata: unknown): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isObject(metadata)) return unusable('its __metadata__ is not an object');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') return unusable(`its metadata ${unquoted(key)} is not text`);
  }
  return metadata as Record<string, string>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}
