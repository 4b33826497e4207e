/** @file How much memory a process may still take. */

import { freemem } from 'node:os';

/** Free memory in bytes, within the limit of a container where there is one. */
export function availableMemory(): number {
  const limited = process as { availableMemory?: () => number };
  return limited.availableMemory?.() ?? freemem();
}
