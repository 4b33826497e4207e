/** @file Values of unknown type made fit for a line of a message. */

import { inspect } from 'node:util';
import { quoted, unquoted } from './text.js';

/** A value of unknown type as it would be written in a program, fit for one line of a message; `NaN` is called that. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'function') return 'a function';
  const text = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, customInspect: false });
  return unquoted(text.replaceAll('"', "'"));
}
