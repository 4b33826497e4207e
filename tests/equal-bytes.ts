/**
 * @file In every process of tests: arrays of numbers that have the same bytes are equal, found by comparing memory. `toEqual` looks at
 * one element after the other, at several microseconds each, which is half a minute for the weights of a small network. Of arrays that
 * differ it still says where.
 */
import { expect } from 'vitest';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function sameBytes(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return undefined;
  const isAlike = a.constructor === b.constructor && a.byteLength === b.byteLength;
  return isAlike && Buffer.compare(bytesOf(a), bytesOf(b)) === 0 ? true : undefined;
}

// Test files that share a process share what is added.
const ADDED = Symbol.for('otx tests: equal bytes');
const shared = globalThis as { [ADDED]?: true };
if (!shared[ADDED]) expect.addEqualityTesters([sameBytes]);
shared[ADDED] = true;
