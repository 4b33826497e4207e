/** @file How the message of an error looks on a terminal. */

import { printable } from '../base/text.js';

/** A line of a list below a headline. */
const ITEM = /^ {2}(?=\S)/;

/** One line, and below it each item of a list on a line of its own; what a library breaks into lines is joined again. */
export function errorText(message: string): string {
  const lines: string[] = [];
  for (const line of printable(message).trim().split('\n')) {
    if (lines.length === 0 || ITEM.test(line)) lines.push(line.trimEnd());
    else lines.push(`${lines.pop()} ${line.trim()}`.trimEnd());
  }
  return lines.join('\n');
}
