/** @file Decoded pixels that all data threads can read. */
import type { LabeledImage } from '../types.js';

/** A copy in shared memory, which travels between threads without being copied again. */
export function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** The same for an image with its mask. */
export function labeledInSharedMemory(source: LabeledImage): LabeledImage {
  return { ...source, image: inSharedMemory(source.image), mask: inSharedMemory(source.mask) };
}
