/**
 * @file What a class may be called. Names come from files of others (meta files, label schemas, checkpoints) and go to
 * terminals, tables, pictures and other files, so they are checked once, where they are read.
 */

import { escapeOf, hiddenCharacter, quoted, unquoted } from './text.js';

/** Longest name in characters. The longest of ImageNet, which lists synonyms, has 131. */
export const LONGEST_NAME = 200;

/** What Node puts in the place of bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd';
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Why a text cannot be the name of a class, as the end of a sentence; undefined for a usable name. */
export function nameProblem(name: string): string | undefined {
  // Counting the characters of a text of megabytes is not needed to see that it is too long.
  const length = name.length > 4 * LONGEST_NAME ? name.length : [...name].length;
  if (length > LONGEST_NAME) return `has ${length} characters; at most ${LONGEST_NAME} are allowed`;
  const hidden = hiddenCharacter(name);
  if (hidden !== undefined) {
    return `holds the control or invisible character ${escapeOf(hidden)}; only what can be seen is allowed`;
  }
  if (name.includes(REPLACEMENT)) return 'holds bytes that are no UTF-8; save the file as UTF-8';
  if (name.trim() === '') return 'is empty';
  return VISIBLE.test(name) ? undefined : 'holds nothing that can be seen';
}

/**
 * What is wrong with a list of names, in a sentence without full stop; undefined when nothing is. Names that differ in
 * spaces around them or in how their accents are spelled count as equal, names that differ in case do not.
 *
 * @param repeats whether a name may be there twice, as in lists that nobody chooses classes from.
 */
export function namesProblem(names: readonly string[], repeats = false): string | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const problem = nameProblem(name);
    if (problem !== undefined) return `the class name ${quoted(name)} ${problem}`;
    const key = name.normalize('NFC').trim();
    const other = seen.get(key);
    if (other !== undefined && !repeats) {
      return other === name
        ? `class ${unquoted(name)} is declared twice; class names must be unique`
        : `classes ${quoted(other)} and ${quoted(name)} look the same; class names must be unique`;
    }
    seen.set(key, name);
  }
  return undefined;
}
