/** @file TFRecord framing: length, checksum of the length, data, checksum of the data; all little endian. */

import { OtxError } from '../../base/errors.js';
import { maskedCrc32c } from './crc32c.js';

const HEADER = 12;
const FOOTER = 4;

/** One record around `data`. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER + data.length + FOOTER);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, HEADER);
  view.setUint32(HEADER + data.length, maskedCrc32c(data), true);
  return record;
}

/** A record and where the next one begins. */
export interface FramedRecord {
  readonly data: Uint8Array;
  readonly end: number;
}

/**
 * The records of a file, checked.
 *
 * @throws OtxError `output` at a record that is cut off or whose checksum is wrong; the ones before it have been given.
 */
export function* readRecords(file: Uint8Array, name: string): Generator<FramedRecord, void, undefined> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 0; at < file.length; ) {
    const damaged = (what: string) =>
      new OtxError('output', `${name}: the record at byte ${at} ${what}; what was written before it is good`);
    if (at + HEADER > file.length) throw damaged('is cut off in its header');
    if (view.getUint32(at + 8, true) !== maskedCrc32c(file.subarray(at, at + 8))) {
      throw damaged('has a wrong checksum of its length');
    }
    const start = at + HEADER;
    const length = Number(view.getBigUint64(at, true));
    const end = start + length + FOOTER;
    if (end > file.length) throw damaged(`is cut off: ${length} bytes expected`);
    const data = file.subarray(start, start + length);
    if (view.getUint32(start + length, true) !== maskedCrc32c(data)) throw damaged('has a wrong checksum');
    yield { data, end };
    at = end;
  }
}
