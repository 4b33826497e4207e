/** @file YAML from files that may have been made to do harm: deep nesting and aliases of aliases are refused at once. */

import { isScalar, parseDocument, visit } from 'yaml';
import { checkNesting, DEEPEST, TOO_DEEP } from './parse-json.js';

/** Anchors are for a text that is used twice, not for thousands. */
const MOST_ALIASES = 100;

/** @throws Error saying what is wrong, without the name of the file. */
export function parseYaml(text: string): unknown {
  checkNesting(text);
  for (const line of text.split('\n')) {
    const dashes = /^[\s?:-]*/.exec(line)?.[0].replace(/\s/g, '').length ?? 0;
    // A row of dashes is a separator, one with spaces a list of lists.
    if (dashes > DEEPEST && !/^-+\s*$/.test(line)) throw new Error(TOO_DEEP);
    if (indentOf(line) > MOST_INDENT) throw new Error(TOO_DEEP);
  }
  // Unknown tags would be told of on the terminal. The library compares each key with all others of its map.
  const document = parseDocument(text, { logLevel: 'error', uniqueKeys: false });
  const [problem] = document.errors;
  if (problem) throw problem;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) throw new Error(`it has the key ${String(key.value)} twice`);
        seen.add(key.value);
      }
    },
  });
  return document.toJS({ maxAliasCount: MOST_ALIASES });
}

/** Eight spaces to a level. */
const MOST_INDENT = 8 * DEEPEST;

const indentOf = (line: string): number => /^\s*/.exec(line)?.[0].length ?? 0;
