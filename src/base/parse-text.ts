/** @file JSON and YAML from files that may have been made to do harm: deep nesting and aliases of aliases are refused at once. */

import { isScalar, parseDocument, visit } from 'yaml';

/** Levels of the deepest file that anything here writes, several times over. */
const DEEPEST = 64;
/** Anchors are for a text that is used twice, not for thousands. */
const MOST_ALIASES = 100;

/** @throws Error saying what is wrong, without the name of the file. */
export function parseJson(text: string): unknown {
  checkNesting(text);
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}

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

const TOO_DEEP = `it nests more than ${DEEPEST} levels`;
/** Eight spaces to a level. */
const MOST_INDENT = 8 * DEEPEST;

const indentOf = (line: string): number => /^\s*/.exec(line)?.[0].length ?? 0;

/** Looks at brackets alone; those within quotes do not count. */
function checkNesting(text: string): void {
  const quote = 0x22;
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (inText) {
      if (character === 0x5c) i++;
      else if (character === quote || character === 0x0a) inText = false;
    } else if (character === quote) {
      inText = true;
    } else if (character === 0x5b || character === 0x7b) {
      if (++depth > DEEPEST) throw new Error(TOO_DEEP);
    } else if (character === 0x5d || character === 0x7d) {
      depth--;
    }
  }
}
