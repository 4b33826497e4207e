/** @file One of several things. */

import type { Random } from '../base/random.js';

/** One of the items, each as likely. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}
